import type { MessageAttributes } from "../service.ts";

/** Bytes that attributes count for in a message's size, in SQS and SNS alike: names, types and values. */
export function attributesSize(attributes: MessageAttributes): number {
  let size = 0;
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(DataType);
    size += StringValue === undefined ? 0 : Buffer.byteLength(StringValue);
    size += BinaryValue === undefined ? 0 : Buffer.byteLength(BinaryValue, "base64");
  }
  return size;
}
