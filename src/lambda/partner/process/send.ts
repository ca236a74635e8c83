import { setTimeout } from "node:timers/promises";
import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import type { Invocation } from "./invocation.ts";
import { attributesOf, type OutgoingMessage } from "./messages.ts";

/** Most messages of one SendMessageBatch. */
export const BATCH = 10;
/** Attempts at messages of a batch that SQS refuses for its own reasons. */
const MOST_ATTEMPTS = 4;
const PAUSE_MS = 200;

/** Sends up to ten messages with one request. @throws when SQS doesn't take them all */
export async function sendMessages(messages: readonly OutgoingMessage[], run: Invocation): Promise<void> {
  let open = messages;
  for (let attempt = 1; ; attempt++) {
    const { Failed = [] } = await run.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: run.environment.messagesUrl,
        Entries: open.map((message, index) => ({
          Id: String(index),
          MessageBody: message.body,
          MessageAttributes: attributesOf(message),
        })),
      }),
      { abortSignal: run.signal },
    );
    if (Failed.length === 0) return;
    const [{ Message, Code, SenderFault } = {}] = Failed;
    if (SenderFault || attempt === MOST_ATTEMPTS) {
      throw new Error(`SQS refused ${Failed.length} of ${open.length} messages: ${Message ?? Code}`);
    }
    const refused = new Set(Failed.map(({ Id }) => Number(Id)));
    open = open.filter((_message, index) => refused.has(index));
    await setTimeout(PAUSE_MS * attempt, undefined, { signal: run.signal });
  }
}
