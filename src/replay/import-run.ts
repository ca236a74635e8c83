import { Outbound, type OutboundParts } from "./outbound.ts";
import { MAX_BATCH } from "./outgoing.ts";
import type { Router } from "./router.ts";
import type { Imported } from "./transfer.ts";

/**
 * Sends the messages of a file, in order. What a killed import of the same file has sent is not sent again; the
 * dead-letter queues that they were exported from are left alone.
 * @param routers the way back of each queue's letters, by its URL
 * @param watched whether a message that dies again lands where it was exported from
 */
export async function replayFile(
  file: string,
  messages: AsyncIterable<Imported>,
  routers: (queue: string) => Router,
  watched: boolean,
  parts: OutboundParts & { onProgress(): void },
): Promise<void> {
  const outbounds = new Map<string, Outbound>();
  const outboundOf = (queue: string) => {
    const known = outbounds.get(queue);
    if (known) return known;
    const from = { name: file, deadLetterQueue: watched ? queue : null };
    const made = new Outbound(from, routers(queue), parts, async () => {});
    outbounds.set(queue, made);
    return made;
  };
  let batch: Imported[] = [];
  for await (const imported of messages) {
    if (parts.halt.aborted || parts.budget.left <= 0) return;
    if (parts.earlier.sent.has(imported.letter.messageId)) {
      parts.accounts.add(file, "alreadySent");
      continue;
    }
    if (batch.length === MAX_BATCH || (batch[0] && batch[0].queue !== imported.queue)) {
      await send(batch);
      batch = [];
    }
    batch.push(imported);
  }
  await send(batch);

  async function send(some: readonly Imported[]): Promise<void> {
    const [first] = some;
    if (!first) return;
    const outbound = outboundOf(first.queue);
    await outbound.send(await outbound.prepare(some.map(({ letter }) => letter)));
    parts.onProgress();
  }
}
