import {
  type MessageAttributeValue,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSRecord } from "aws-lambda";
import type { Fault } from "./faults.ts";

/** Message attribute that carries the cause of a permanent fault. */
export const CAUSE_ATTRIBUTE = "edp-cause";

/** Limits of SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const MAX_BATCH_ENTRIES = 10;
const MAX_ATTRIBUTES = 10;
const MAX_BYTES = 1024 * 1024;

/** The content of `edp-cause`. */
export interface Cause extends Fault {
  function: string;
  requestId: string;
  /** ISO 8601 in UTC. */
  time: string;
}

export interface DeadLetter {
  record: SQSRecord;
  cause: Cause;
}

/** What of the cause found room in the message. */
export type CauseKept = "whole" | "shortened" | "dropped";

export interface DeadLetterEntry {
  entry: SendMessageBatchRequestEntry;
  kept: CauseKept;
  bytes: number;
}

/**
 * A dead letter as SQS takes it: the original body and attributes, and the cause as one attribute more.
 * Where ten attributes or 1 MiB leave no room, the cause's message is shortened, then the cause left out:
 * the message itself goes before its reason, which is in the function's log too.
 */
export function deadLetterEntry({ record, cause }: DeadLetter, id: string): DeadLetterEntry {
  const attributes = forwarded(record);
  const { MessageGroupId, MessageDeduplicationId } = record.attributes;
  const room = MAX_BYTES - size(record.body, attributes) - CAUSE_ATTRIBUTE.length - "String".length;
  const text = causeText(cause, room);
  const fits = text !== undefined && Object.keys(attributes).length < MAX_ATTRIBUTES;
  if (fits) attributes[CAUSE_ATTRIBUTE] = { DataType: "String", StringValue: text.json };
  return {
    entry: {
      Id: id,
      MessageBody: record.body,
      MessageAttributes: attributes,
      MessageGroupId,
      MessageDeduplicationId,
    },
    kept: fits ? text.kept : "dropped",
    bytes: size(record.body, attributes),
  };
}

/** Sends dead letters; returns those that SQS didn't take, which must be reported as failures. */
export async function sendDeadLetters(
  sqs: SQSClient,
  queueUrl: string,
  letters: readonly DeadLetter[],
  onSent: (letter: DeadLetter, kept: CauseKept) => void,
  signal?: AbortSignal,
): Promise<{ letter: DeadLetter; reason: string }[]> {
  const failed: { letter: DeadLetter; reason: string }[] = [];
  for (const batch of batches(letters)) {
    const entries = batch.map(({ entry }) => entry);
    try {
      const answer = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }), {
        abortSignal: signal,
      });
      const refused = new Map(
        (answer.Failed ?? []).map((entry) => [entry.Id, entry.Message ?? entry.Code ?? ""]),
      );
      for (const { letter, entry, kept } of batch) {
        const reason = refused.get(entry.Id);
        if (reason === undefined) onSent(letter, kept);
        else failed.push({ letter, reason });
      }
    } catch (error) {
      for (const { letter } of batch) failed.push({ letter, reason: (error as Error).message });
    }
  }
  return failed;
}

/** Batches of at most ten messages and 1 MiB together. */
function batches(letters: readonly DeadLetter[]): (DeadLetterEntry & { letter: DeadLetter })[][] {
  const all: (DeadLetterEntry & { letter: DeadLetter })[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [index, letter] of letters.entries()) {
    const item = { letter, ...deadLetterEntry(letter, String(index)) };
    const last = all.at(-1);
    if (last && last.length < MAX_BATCH_ENTRIES && bytes + item.bytes <= MAX_BYTES) {
      last.push(item);
      bytes += item.bytes;
    } else {
      all.push([item]);
      bytes = item.bytes;
    }
  }
  return all;
}

/** The message's attributes without an earlier cause. */
function forwarded(record: SQSRecord): Record<string, MessageAttributeValue> {
  const attributes: Record<string, MessageAttributeValue> = {};
  for (const [name, value] of Object.entries(record.messageAttributes ?? {})) {
    if (name === CAUSE_ATTRIBUTE) continue;
    attributes[name] = {
      DataType: value.dataType,
      StringValue: value.stringValue ?? undefined,
      BinaryValue: value.binaryValue ? Buffer.from(value.binaryValue, "base64") : undefined,
    };
  }
  return attributes;
}

/** SQS counts the body, and name, type and value of every attribute. */
function size(body: string, attributes: Record<string, MessageAttributeValue>): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, { DataType = "", StringValue = "", BinaryValue }] of Object.entries(attributes)) {
    bytes +=
      Buffer.byteLength(name) + DataType.length + Buffer.byteLength(StringValue) + (BinaryValue?.length ?? 0);
  }
  return bytes;
}

function causeText(cause: Cause, room: number): { json: string; kept: "whole" | "shortened" } | undefined {
  const json = escapeControls(JSON.stringify(cause));
  if (Buffer.byteLength(json) <= room) return { json, kept: "whole" };
  const short = escapeControls(
    JSON.stringify({ ...cause, path: "", message: "(shortened; see the function's log)" }),
  );
  return Buffer.byteLength(short) <= room ? { json: short, kept: "shortened" } : undefined;
}

/** SQS refuses characters that XML 1.0 doesn't have; in JSON all of them can be escaped. */
function escapeControls(text: string): string {
  return text.replace(
    /[\u007f\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
