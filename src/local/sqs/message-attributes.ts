import { createHash } from "node:crypto";
import { type Members, structure, text } from "../http/members.ts";
import type { MessageAttributes } from "../service.ts";
import { invalidParameterValue } from "./errors.ts";
import { MESSAGE_ATTRIBUTES } from "./limits.ts";

const NAME = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/;
const RESERVED = /^(aws|amazon)\./i;
const TYPE = /^(String|Number|Binary)(\..{1,249})?$/;

/**
 * Reads and checks message attributes: names, types and values as
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html says.
 * @throws AwsError InvalidParameterValue
 */
export function readMessageAttributes(input: Members, member: string): MessageAttributes {
  const names = Object.keys(structure(input, member) ?? {});
  if (names.length > MESSAGE_ATTRIBUTES) {
    throw invalidParameterValue(
      `Number of message attributes [${names.length}] exceeds the allowed maximum [${MESSAGE_ATTRIBUTES}].`,
    );
  }
  const attributes: MessageAttributes = {};
  for (const name of names) {
    if (!NAME.test(name) || RESERVED.test(name)) {
      throw invalidParameterValue(
        `The message attribute name '${name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.`,
      );
    }
    attributes[name] = readValue(name, structure(structure(input, member) ?? {}, name) ?? {});
  }
  return attributes;
}

function readValue(name: string, value: Members): MessageAttributes[string] {
  const type = text(value, "DataType");
  if (!type)
    throw invalidParameterValue(
      `The message attribute '${name}' must contain a non-empty message attribute type.`,
    );
  const kind = TYPE.exec(type)?.[1];
  if (!kind) {
    throw invalidParameterValue(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  const content = text(value, kind === "Binary" ? "BinaryValue" : "StringValue");
  if (!content) {
    throw invalidParameterValue(
      `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type '${type}'.`,
    );
  }
  if (kind === "Number" && Number.isNaN(Number(content))) {
    throw invalidParameterValue(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
  return kind === "Binary"
    ? { DataType: type, BinaryValue: content }
    : { DataType: type, StringValue: content };
}

/**
 * MD5 of message attributes as SDKs verify it
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation);
 * undefined without attributes.
 */
export function attributesMd5(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash("md5");
  const part = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const attribute = attributes[name];
    if (!attribute) continue;
    part(Buffer.from(name));
    part(Buffer.from(attribute.DataType));
    hash.update(Buffer.of(attribute.BinaryValue === undefined ? 1 : 2));
    part(
      attribute.BinaryValue === undefined
        ? Buffer.from(attribute.StringValue ?? "")
        : Buffer.from(attribute.BinaryValue, "base64"),
    );
  }
  return hash.digest("hex");
}

/** The attributes that a receive asked for: by name, `All`, `.*`, or `prefix.*`. */
export function selectAttributes(
  attributes: MessageAttributes,
  wanted: readonly string[],
): MessageAttributes {
  if (wanted.includes("All") || wanted.includes(".*")) return attributes;
  const selected = Object.entries(attributes).filter(([name]) =>
    wanted.some((want) => want === name || (want.endsWith(".*") && name.startsWith(want.slice(0, -2)))),
  );
  return Object.fromEntries(selected);
}
