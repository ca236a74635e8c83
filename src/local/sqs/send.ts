import { createHash, randomUUID } from "node:crypto";
import { attributesSize } from "../delivery/attributes-size.ts";
import { AwsError } from "../service.ts";
import { invalidParameterValue, invalidValue, missingParameter } from "./errors.ts";
import { MAXIMUM_DELAY_SECONDS } from "./limits.ts";
import { type Draft, type MessageContent, sequenceNumber } from "./message.ts";
import { deduplicationKey, type Queue } from "./queue.ts";

/** A message as a sender gives it. */
export interface Outgoing {
  content: MessageContent;
  delaySeconds?: number;
  group?: string;
  deduplicationId?: string;
}

export interface Sent {
  messageId: string;
  sequenceNumber: string | undefined;
}

/** Anything but the characters of https://www.w3.org/TR/REC-xml/#charsets */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const FIFO_ID = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;

/** Bytes that a message counts for: body and attributes. */
export function messageSize({ body, attributes }: MessageContent): number {
  return Buffer.byteLength(body) + attributesSize(attributes ?? {});
}

/**
 * Checks a message against the queue it is for.
 * @throws AwsError MissingParameter, InvalidParameterValue, InvalidMessageContents
 */
export function checkOutgoing(queue: Queue, message: Outgoing): void {
  const { content, delaySeconds, group, deduplicationId } = message;
  if (content.body === "") throw missingParameter("MessageBody");
  const limit = Number(queue.attributes.MaximumMessageSize);
  if (messageSize(content) > limit) {
    throw invalidParameterValue(
      `One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`,
    );
  }
  if (FORBIDDEN.test(content.body)) throw invalidMessageContents();
  if (delaySeconds !== undefined && (delaySeconds < 0 || delaySeconds > MAXIMUM_DELAY_SECONDS)) {
    throw invalidValue(
      delaySeconds,
      "DelaySeconds",
      `DelaySeconds must be >= 0 and <= ${MAXIMUM_DELAY_SECONDS}.`,
    );
  }
  if (group !== undefined && !FIFO_ID.test(group)) {
    throw invalidValue(
      group,
      "MessageGroupId",
      "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    );
  }
  if (!queue.fifo) {
    if (deduplicationId !== undefined) throw notForThisType(deduplicationId, "MessageDeduplicationId");
    return;
  }
  if (group === undefined) throw missingParameter("MessageGroupId");
  if (delaySeconds) throw notForThisType(delaySeconds, "DelaySeconds");
  if (deduplicationId === undefined && queue.attributes.ContentBasedDeduplication !== "true") {
    throw invalidParameterValue(
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
  }
  if (deduplicationId !== undefined && !FIFO_ID.test(deduplicationId)) {
    throw invalidValue(
      deduplicationId,
      "MessageDeduplicationId",
      "MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    );
  }
}

/** Sends on their way into a queue with a deduplication id, so that a twin that comes meanwhile waits. */
const underWay = new WeakMap<Queue, Map<string, Promise<unknown>>>();

/**
 * Puts checked messages into the queue, those of one call by one write. A FIFO message whose deduplication
 * id was seen within five minutes is accepted and not delivered again: it gets the first one's ids.
 */
export async function send(queue: Queue, messages: readonly Outgoing[]): Promise<Sent[]> {
  if (!queue.fifo) return store(queue, messages);
  const pending = underWay.get(queue) ?? new Map<string, Promise<unknown>>();
  underWay.set(queue, pending);
  const sent: Sent[] = [];
  // One after the other, since the order within a group counts.
  for (const message of messages) {
    const deduplicationId =
      message.deduplicationId ?? createHash("sha256").update(message.content.body).digest("hex");
    const key = deduplicationKey(queue.attributes, message.group, deduplicationId) ?? "";
    while (pending.has(key)) await pending.get(key);
    const seen = queue.state.seenBefore(key);
    if (seen) {
      sent.push({ messageId: seen.id, sequenceNumber: sequenceNumber(seen.n) });
      continue;
    }
    const storing = store(queue, [{ ...message, deduplicationId }]);
    // A failed twin must not fail this one: it is simply no longer under way.
    const settled = storing.then(
      () => pending.delete(key),
      () => pending.delete(key),
    );
    pending.set(key, settled);
    sent.push(...(await storing));
  }
  return sent;
}

async function store(queue: Queue, messages: readonly Outgoing[]): Promise<Sent[]> {
  const now = queue.parts.clock.now();
  const drafts = messages.map(
    ({ content, delaySeconds, group, deduplicationId }): Draft => ({
      id: randomUUID(),
      content,
      sentAt: now,
      visibleAt:
        now + (delaySeconds === undefined ? queue.milliseconds("DelaySeconds") : delaySeconds * 1000),
      group,
      deduplicationId,
    }),
  );
  const ordinals = await queue.insert(drafts);
  queue.sent += drafts.length;
  return drafts.map(({ id }, index) => ({
    messageId: id,
    sequenceNumber: queue.fifo ? sequenceNumber(ordinals[index] ?? 0) : undefined,
  }));
}

function invalidMessageContents(): AwsError {
  return new AwsError(
    "InvalidMessageContents",
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
  );
}

function notForThisType(value: unknown, parameter: string): AwsError {
  return invalidValue(
    value,
    parameter,
    "The request include parameter that is not valid for this queue type.",
  );
}
