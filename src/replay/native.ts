import type { SQSClient } from "@aws-sdk/client-sqs";
import { type LookOptions, lookThrough } from "../dead-letters/look.ts";
import { UsageError } from "../errors.ts";
import { type MoveOptions, moveMessages } from "./move-task.ts";
import type { ReplaySource } from "./types.ts";

const HINT = "Leave --native away: edp then sends each message back where it came from.";

/**
 * Moves dead-letter queues by SQS itself (StartMessageMoveTask), which knows nothing of causes and counts. Every queue is
 * looked through before anything moves.
 * @param to the queue that everything goes to; undefined for where each message came from
 * @returns how many were moved
 * @throws UsageError where SQS could not move all of it rightly: a queue serves no other queue, or holds messages
 *   that were sent to it with a cause; nothing was moved then
 */
export async function moveNatively(
  sqs: SQSClient,
  sources: readonly ReplaySource[],
  to: string | undefined,
  options: MoveOptions & { waitSeconds: number; parallel: number; now(): number },
): Promise<number> {
  for (const source of sources) await checkMovable(sqs, source, options);
  let before = 0;
  for (const { url } of sources) {
    const onProgress = (moved: number) => options.onProgress(before + moved);
    const queues = { dlqUrl: url, queueUrl: to };
    before += (await moveMessages(sqs, queues, { ...options, onProgress })).moved;
  }
  return before;
}

async function checkMovable(sqs: SQSClient, source: ReplaySource, look: LookOptions): Promise<void> {
  if (source.sources.length === 0) {
    throw new UsageError(
      `--native: ${source.name} is the dead-letter queue of no SQS queue, and SQS moves only those.`,
      { hint: HINT },
    );
  }
  // To be sure of every message, every message is looked at; the first one that SQS can't place ends it.
  for await (const letter of lookThrough(sqs, source.url, look)) {
    if (letter.evidence.origin !== null || letter.raw.Attributes?.DeadLetterQueueSourceArn === undefined) {
      throw new UsageError(
        `--native: ${source.name} holds messages that were not put there by redrive (${letter.messageId}: ${letter.cause.errorCode ?? "no cause"}), and SQS doesn't know where those came from.`,
        { hint: HINT },
      );
    }
  }
}
