import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { type Letter, readLetter } from "../dead-letters/letter.ts";
import { CAUSE_ATTRIBUTE } from "../lambda/shared/dead-letters.ts";
import {
  type Attributes,
  COUNT_ATTRIBUTE,
  MAX_ATTRIBUTES,
  MAX_MESSAGE_BYTES,
  messageBytes,
} from "./outgoing.ts";

/** What `--edit` gives for a letter: what is absent stays as it is. */
export interface Change {
  /** The new body; what is no text becomes JSON. */
  body?: unknown;
  /** What goes into the innermost envelope instead of `payload`; not together with `body`. */
  payload?: unknown;
  /** By name: text, number, bytes or `{DataType, StringValue | BinaryValue}`; null takes the attribute away. */
  attributes?: Record<string, unknown>;
}

/** An edit that can't be used for a letter; the letter stays where it is. */
export class EditError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EditError";
  }
}

/** Characters that SQS refuses: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const REFUSED = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const NAME = /^(?!aws\.|amazon\.)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/i;
/** Texts first, so that digits inside of them don't count. */
const NUMBERS = /"(?:[^"\\]|\\.)*"|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/**
 * The letter with a change made, checked against what SQS takes.
 * @throws EditError
 */
export function changed(letter: Letter, change: Change): Letter {
  const unknown = Object.keys(change).filter((key) => !["body", "payload", "attributes"].includes(key));
  if (unknown.length > 0) {
    throw new EditError(`it gave ${unknown.join(", ")}; it may give body, payload and attributes`);
  }
  if (change.body !== undefined && change.payload !== undefined) {
    throw new EditError("it gave both body and payload, which is a part of the body");
  }
  const { Body = "", MessageAttributes = {} } = letter.raw;
  let body = Body;
  if (change.body !== undefined) body = textOf(change.body, Body);
  if (change.payload !== undefined) body = rewrapped(Body, change.payload);
  const attributes: Attributes = { ...MessageAttributes };
  for (const [name, value] of Object.entries(change.attributes ?? {})) {
    if (value === null) delete attributes[name];
    else attributes[name] = attributeOf(name, value, MessageAttributes[name]);
  }
  check(body, attributes);
  return readLetter({ ...letter.raw, Body: body, MessageAttributes: attributes });
}

/** Puts a new payload where the old one is: into the SNS envelope, where there is one. */
function rewrapped(text: string, payload: unknown): string {
  const body = objectOf(text);
  if (body?.Type === "Notification" && typeof body.Message === "string") {
    exact(text);
    return JSON.stringify({ ...body, Message: rewrapped(body.Message, payload) });
  }
  const [record] = Array.isArray(body?.Records) && body.Records.length === 1 ? body.Records : [];
  const sns = (record as { Sns?: { Message?: unknown } } | undefined)?.Sns;
  if (sns && typeof sns.Message === "string") {
    exact(text);
    const Sns = { ...sns, Message: rewrapped(sns.Message, payload) };
    return JSON.stringify({ ...body, Records: [{ ...(record as object), Sns }] });
  }
  return textOf(payload, text);
}

/** A value as a body: text as it is, anything else as JSON. */
function textOf(value: unknown, before: string): string {
  if (typeof value === "string") return value;
  exact(before);
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new EditError(`it gave a body that is no JSON: a ${typeof value}`);
  return text;
}

/** @throws EditError where JSON.parse would have rounded a number of the text that was edited */
function exact(text: string): void {
  for (const [, number] of text.matchAll(NUMBERS)) {
    if (number === undefined || number.length < 16 || String(Number(number)) === number) continue;
    throw new EditError(
      `the message holds the number ${number}, which JavaScript rounds: give the body as text instead`,
    );
  }
}

function attributeOf(
  name: string,
  value: unknown,
  before: MessageAttributeValue | undefined,
): MessageAttributeValue {
  if (typeof value === "number") return { DataType: "Number", StringValue: String(value) };
  if (value instanceof Uint8Array) return { DataType: before?.DataType ?? "Binary", BinaryValue: value };
  if (typeof value === "string") {
    if (before?.BinaryValue) return { DataType: before.DataType, BinaryValue: Buffer.from(value, "base64") };
    return { DataType: before?.DataType ?? "String", StringValue: value };
  }
  const { DataType, StringValue, BinaryValue } = (value ?? {}) as MessageAttributeValue;
  if (typeof DataType !== "string" || (StringValue === undefined) === (BinaryValue === undefined)) {
    throw new EditError(
      `the attribute ${name} is neither text, number, bytes nor {DataType, StringValue or BinaryValue}`,
    );
  }
  return { DataType, StringValue, BinaryValue };
}

/** @throws EditError where SQS would refuse the message */
export function check(body: string, attributes: Attributes): void {
  const kept = Object.fromEntries(
    Object.entries(attributes).filter(([name]) => name !== CAUSE_ATTRIBUTE && name !== COUNT_ATTRIBUTE),
  );
  const bytes = messageBytes(body, kept);
  if (body === "") throw new EditError("the body is empty, which SQS refuses");
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new EditError(`the message has ${bytes} bytes with its attributes; SQS takes ${MAX_MESSAGE_BYTES}`);
  }
  const refused = REFUSED.exec(body);
  if (refused) {
    const code = refused[0].codePointAt(0)?.toString(16).padStart(4, "0");
    throw new EditError(`the body has the character U+${code} at ${refused.index}, which SQS refuses`);
  }
  const names = Object.keys(kept);
  if (names.length > MAX_ATTRIBUTES) {
    throw new EditError(`the message has ${names.length} attributes; SQS takes ${MAX_ATTRIBUTES}`);
  }
  for (const name of names) {
    if (!NAME.test(name) || name.length > 256)
      throw new EditError(`${JSON.stringify(name)} is no attribute name for SQS`);
    const { StringValue, BinaryValue } = kept[name] ?? {};
    if (StringValue === "" || BinaryValue?.length === 0) {
      throw new EditError(`the attribute ${name} is empty, which SQS refuses`);
    }
  }
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // A body may be anything.
    return undefined;
  }
}
