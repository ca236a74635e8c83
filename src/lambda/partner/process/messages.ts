import { createHash } from "node:crypto";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { shorten } from "./columns.ts";
import type { FileVersion } from "./day-set.ts";
import type { RowFault } from "./faults.ts";
import { MOST_KEY_BYTES } from "./key-table.ts";
import type { CustomerResult } from "./transform.ts";

/** A message for the queue `messages`. */
export interface OutgoingMessage {
  /** The same for the same message, however often it is sent. */
  messageId: string;
  body: string;
  /** Rises with each correction. */
  version: number;
  /** The day, ISO 8601. */
  date: string;
}

/** The body of a customer's message. The amount is written as it is: a number of JavaScript would round it. */
export function customerBody({ reference, orders, amount }: CustomerResult): string {
  return sendable(
    `{"type":"customer_message","customer_reference":${JSON.stringify(reference)},` +
      `"number_of_orders":${orders},"total_amount_spent":${amount}}`,
  );
}

/**
 * The body of a fault's message. `file` is the object's key. What is quoted from the file is cut where it is longer
 * than any right reference: a row can have 256 KiB, and a message of SQS not much more.
 */
export function errorBody(fault: RowFault, file: string): string {
  return sendable(
    JSON.stringify({
      type: "error_message",
      customer_reference: cut(fault.customerReference),
      order_reference: cut(fault.orderReference),
      file,
      line: fault.line,
      column: cut(fault.column),
      message: fault.message,
    }),
  );
}

function cut(quoted: string | null): string | null {
  return quoted === null || quoted.length <= MOST_KEY_BYTES ? quoted : shorten(quoted);
}

/**
 * JSON with the two characters escaped that UTF-8 and JSON allow and SQS refuses, a whole batch for each:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
function sendable(json: string): string {
  return json.replaceAll("\ufffe", "\\ufffe").replaceAll("\uffff", "\\uffff");
}

/** Id of a customer's message: sha256 of day, reference and the versions of the three files. */
export function customerMessageId(date: string, reference: string, files: readonly FileVersion[]): string {
  return sha256([date, reference, ...files.map(({ key, version }) => `${key}\0${version}`)].join("\n"));
}

/** Id of the nth error message of a run: faults come in the same order each time. */
export function errorMessageId(runId: string, index: number): string {
  return sha256(`${runId}\nerror\n${index}`);
}

/** What consumers tell repeats and corrections by. */
export function attributesOf(message: OutgoingMessage): Record<string, MessageAttributeValue> {
  return {
    messageId: { DataType: "String", StringValue: message.messageId },
    version: { DataType: "Number", StringValue: String(message.version) },
    date: { DataType: "String", StringValue: message.date },
  };
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
