import { createHash } from "node:crypto";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { FileVersion } from "./day-set.ts";
import type { RowFault } from "./faults.ts";
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
  return (
    `{"type":"customer_message","customer_reference":${JSON.stringify(reference)},` +
    `"number_of_orders":${orders},"total_amount_spent":${amount}}`
  );
}

/** The body of a fault's message. `file` is the object's key. */
export function errorBody(fault: RowFault, file: string): string {
  return JSON.stringify({
    type: "error_message",
    customer_reference: fault.customerReference,
    order_reference: fault.orderReference,
    file,
    line: fault.line,
    column: fault.column,
    message: fault.message,
  });
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
