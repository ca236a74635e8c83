import type { Operations } from "../../http/json-protocol.ts";
import { integer, type Members, texts } from "../../http/members.ts";
import { invalidParameterValue, invalidValue } from "../errors.ts";
import { BATCH_ENTRIES, MAXIMUM_VISIBILITY_SECONDS, MAXIMUM_WAIT_SECONDS } from "../limits.ts";
import type { LeasedMessage } from "../message.ts";
import { attributesMd5, selectAttributes } from "../message-attributes.ts";
import type { Queue } from "../queue.ts";
import type { Queues } from "../queues.ts";
import { requiredQueue } from "./required.ts";

/** System attributes that may be asked for (API_ReceiveMessage). */
const SYSTEM_ATTRIBUTES = new Set([
  "All",
  "SenderId",
  "SentTimestamp",
  "ApproximateReceiveCount",
  "ApproximateFirstReceiveTimestamp",
  "SequenceNumber",
  "MessageDeduplicationId",
  "MessageGroupId",
  "AWSTraceHeader",
  "DeadLetterQueueSourceArn",
]);

export function receiveActions(queues: Queues): Operations {
  return {
    ReceiveMessage: async (input, request) => {
      const queue = requiredQueue(queues, input);
      const system = [...texts(input, "AttributeNames"), ...texts(input, "MessageSystemAttributeNames")];
      const unknown = system.find((name) => !SYSTEM_ATTRIBUTES.has(name));
      if (unknown !== undefined) throw invalidParameterValue(`Unknown Attribute ${unknown}.`);
      const wanted = texts(input, "MessageAttributeNames");
      const max = between(input, "MaxNumberOfMessages", 1, BATCH_ENTRIES) ?? 1;
      const wait = between(input, "WaitTimeSeconds", 0, MAXIMUM_WAIT_SECONDS);
      const visibility = between(input, "VisibilityTimeout", 0, MAXIMUM_VISIBILITY_SECONDS);
      const messages = await longPoll(
        queue,
        max,
        visibility === undefined ? queue.milliseconds("VisibilityTimeout") : visibility * 1000,
        wait === undefined ? queue.milliseconds("ReceiveMessageWaitTimeSeconds") : wait * 1000,
        request.closed,
      );
      if (messages.length === 0) return {};
      return { Messages: messages.map((message) => shape(message, system, wanted)) };
    },
  };
}

/** Receives, waiting up to `waitMs` for a first message; gives up when the client has gone or the queue closes. */
async function longPoll(
  queue: Queue,
  max: number,
  visibilityMs: number,
  waitMs: number,
  gone: AbortSignal | undefined,
): Promise<LeasedMessage[]> {
  const { clock } = queue.parts;
  const deadline = clock.now() + waitMs;
  for (;;) {
    // A message leased to a client that has gone would be invisible for nothing.
    if (queue.closed || gone?.aborted) return [];
    const available = nextChange(queue, deadline - clock.now(), gone);
    const messages = await queue.receive({ max, visibilityMs });
    if (messages.length > 0 || clock.now() >= deadline) {
      available.cancel();
      return messages;
    }
    await available.happened;
  }
}

/** Resolves when messages become visible, the time is up, or the client has gone. */
function nextChange(queue: Queue, ms: number, gone: AbortSignal | undefined) {
  let finish = () => {};
  const happened = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const undo = [queue.onAvailable(() => cancel()), queue.parts.clock.after(Math.max(0, ms), () => cancel())];
  const cancel = () => {
    for (const step of undo) step();
    gone?.removeEventListener("abort", cancel);
    finish();
  };
  gone?.addEventListener("abort", cancel);
  return { happened, cancel };
}

function between(input: Members, name: string, least: number, most: number): number | undefined {
  const value = integer(input, name);
  if (value !== undefined && (value < least || value > most)) {
    throw invalidValue(value, name, `Must be between ${least} and ${most}, if provided.`);
  }
  return value;
}

function shape(message: LeasedMessage, system: string[], wanted: string[]) {
  const names = Object.keys(message.attributes).filter(
    (name) => system.includes("All") || system.includes(name),
  );
  const attributes = selectAttributes(message.messageAttributes, wanted);
  const some = Object.keys(attributes).length > 0;
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: message.md5OfBody,
    Body: message.body,
    Attributes:
      names.length > 0
        ? Object.fromEntries(names.map((name) => [name, message.attributes[name]]))
        : undefined,
    MD5OfMessageAttributes: some ? attributesMd5(attributes) : undefined,
    MessageAttributes: some ? attributes : undefined,
  };
}
