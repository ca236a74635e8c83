import { createHash } from "node:crypto";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { Letter } from "../dead-letters/letter.ts";
import { CAUSE_ATTRIBUTE } from "../lambda/shared/dead-letters.ts";

/** Message attribute that counts how often a message has been replayed. */
export const COUNT_ATTRIBUTE = "edp-replay-count";

/** Limits of SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
export const MAX_ATTRIBUTES = 10;
export const MAX_BATCH = 10;

export type Attributes = Record<string, MessageAttributeValue>;

/** A message as it goes back. */
export interface Outgoing {
  /** Id of the dead letter. */
  messageId: string;
  body: string;
  attributes: Attributes;
  groupId: string | undefined;
  /** Set where the destination is FIFO. */
  deduplicationId: string | undefined;
  traceHeader: string | undefined;
  bytes: number;
  replayCount: number;
  /** Set where the message has no room for the count: the ledger keeps it under this name. */
  countedAs: string | undefined;
}

/** What a route makes of a letter: the message without what edp or the service that gave up has added. */
export interface Content {
  body: string;
  attributes: Attributes;
  /** Overrides the letter's message group, e.g. by the setting of an EventBridge target. */
  groupId?: string | undefined;
}

/**
 * The message that replaces a dead letter: body and attributes as given, less `edp-cause`, plus the replay's number
 * where ten attributes and 1 MiB leave room for it; group id and X-Ray trace header of the letter.
 * On FIFO the deduplication id is new, since a repeated one would be accepted and silently dropped for five
 * minutes; it follows from the letter and the replay's number, so that a rerun of the same replay gives the same.
 * @param replayCount the number of this replay, from 1
 */
export function outgoing(letter: Letter, content: Content, fifo: boolean, replayCount: number): Outgoing {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(content.attributes)) {
    if (name === CAUSE_ATTRIBUTE || name === COUNT_ATTRIBUTE) continue;
    const { DataType, StringValue, BinaryValue } = value;
    attributes[name] = { DataType, StringValue, BinaryValue };
  }
  const count = { DataType: "Number", StringValue: String(replayCount) };
  const bytes = messageBytes(content.body, attributes);
  const withCount = bytes + attributeBytes(COUNT_ATTRIBUTE, count);
  const fits = Object.keys(attributes).length < MAX_ATTRIBUTES && withCount <= MAX_MESSAGE_BYTES;
  const countedAs = fits ? undefined : fingerprint(content.body, attributes);
  if (fits) attributes[COUNT_ATTRIBUTE] = count;
  const { MessageGroupId, MessageDeduplicationId, AWSTraceHeader } = letter.raw.Attributes ?? {};
  return {
    messageId: letter.messageId,
    body: content.body,
    attributes,
    groupId: content.groupId ?? MessageGroupId,
    deduplicationId: fifo
      ? deduplicationId(MessageDeduplicationId, letter.messageId, replayCount)
      : undefined,
    traceHeader: AWSTraceHeader,
    bytes: fits ? withCount : bytes,
    replayCount,
    countedAs,
  };
}

/** Deduplication id of a replayed FIFO message: 64 hexadecimal digits. */
export function deduplicationId(
  original: string | undefined,
  messageId: string,
  replayCount: number,
): string {
  return createHash("sha256")
    .update(`${original ?? ""}\n${messageId}\n${replayCount}`)
    .digest("hex");
}

/** Names a message by its content, for a count that travels outside of it. */
export function fingerprint(body: string, attributes: Attributes): string {
  const hash = createHash("sha256").update(body);
  for (const name of Object.keys(attributes).sort()) {
    if (name === CAUSE_ATTRIBUTE || name === COUNT_ATTRIBUTE) continue;
    const { DataType = "", StringValue, BinaryValue } = attributes[name] ?? {};
    hash
      .update(`\0${name}\0${DataType}\0`)
      .update(StringValue ?? "")
      .update(BinaryValue ?? "");
  }
  return hash.digest("base64url");
}

/** Bytes as SQS counts them: the body, and name, type and value of every attribute. */
export function messageBytes(body: string, attributes: Attributes): number {
  return Object.entries(attributes).reduce(
    (sum, [name, value]) => sum + attributeBytes(name, value),
    Buffer.byteLength(body),
  );
}

function attributeBytes(
  name: string,
  { DataType = "", StringValue = "", BinaryValue }: MessageAttributeValue,
) {
  return (
    Buffer.byteLength(name) + DataType.length + Buffer.byteLength(StringValue) + (BinaryValue?.length ?? 0)
  );
}

/** Batches that one SendMessageBatch takes, in order: ten messages and 1 MiB at most. */
export function batches<T extends { bytes: number }>(messages: readonly T[]): T[][] {
  const all: T[][] = [];
  let room = 0;
  for (const message of messages) {
    const last = all.at(-1);
    if (last && last.length < MAX_BATCH && message.bytes <= room) {
      last.push(message);
      room -= message.bytes;
    } else {
      all.push([message]);
      room = MAX_MESSAGE_BYTES - message.bytes;
    }
  }
  return all;
}
