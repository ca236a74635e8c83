import { invalidParameter, serialization, validation } from "../errors.ts";
import { MAX_NESTING } from "../limits.ts";
import { canonicalNumber } from "./number.ts";

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html; binary is base64. */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] }
  | { L: AttributeValue[] }
  | { M: Item };

/** Attributes by name. Read them with {@link attribute}: names may be those of JavaScript's own members. */
export type Item = Record<string, AttributeValue>;

export const TYPES = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"] as const;
export type TypeName = (typeof TYPES)[number];

export function typeOf(value: AttributeValue): TypeName {
  return Object.keys(value)[0] as TypeName;
}

/** The attribute of this name, if there is one. */
export function attribute(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

/** Sets an attribute, whatever its name. */
export function setAttribute(item: Item, name: string, value: AttributeValue): void {
  if (name !== "__proto__") item[name] = value;
  else Object.defineProperty(item, name, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * Takes an item out of a request, its numbers in canonical form.
 * @throws AwsError ValidationException, SerializationException
 */
export function readItem(given: unknown): Item {
  return readMap(given, 0);
}

/** Takes one value out of a request. @throws AwsError ValidationException, SerializationException */
export function readValue(given: unknown, depth = 0): AttributeValue {
  if (!isObject(given)) throw serialization("Start of structure or map found where not expected.");
  const types = Object.keys(given).filter((type) => given[type] !== null && given[type] !== undefined);
  const [type, ...others] = types;
  if (type === undefined || !(TYPES as readonly string[]).includes(type)) {
    throw validation("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  }
  if (others.length > 0) {
    throw validation(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    );
  }
  if (depth > MAX_NESTING) throw validation("Nesting Levels have exceeded supported limits");
  return READERS[type as TypeName](given[type], depth);
}

const READERS: Record<TypeName, (given: unknown, depth: number) => AttributeValue> = {
  S: (given) => ({ S: text(given) }),
  N: (given) => ({ N: canonicalNumber(text(given)) }),
  B: (given) => ({ B: binary(given) }),
  BOOL: (given) => {
    if (typeof given !== "boolean") throw serialization("Unexpected token received from parser");
    return { BOOL: given };
  },
  NULL: (given) => {
    if (given !== true) throw invalidParameter("Null attribute value types must have the value of true");
    return { NULL: true };
  },
  SS: (given) => ({ SS: set(given, "An string set  may not be empty", text) }),
  NS: (given) => ({ NS: set(given, "An number set  may not be empty", (one) => canonicalNumber(text(one))) }),
  BS: (given) => ({ BS: set(given, "Binary sets should not be empty", binary) }),
  L: (given, depth) => ({ L: list(given).map((one) => readValue(one, depth + 1)) }),
  M: (given, depth) => ({ M: readMap(given, depth + 1) }),
};

function readMap(given: unknown, depth: number): Item {
  if (!isObject(given)) throw serialization("Unexpected token received from parser");
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, readValue(value, depth)]));
}

function set(given: unknown, empty: string, read: (one: unknown) => string): string[] {
  const values = list(given).map(read);
  if (values.length === 0) throw invalidParameter(empty);
  if (new Set(values).size < values.length) {
    throw invalidParameter(`Input collection [${values.join(", ")}] contains duplicates.`);
  }
  return values;
}

function list(given: unknown): unknown[] {
  if (!Array.isArray(given)) throw serialization("Unexpected field type");
  return given;
}

function text(given: unknown): string {
  if (typeof given !== "string") throw serialization(`${typeof given} can not be converted to an String`);
  return given;
}

function binary(given: unknown): string {
  const encoded = text(given);
  const decoded = Buffer.from(encoded, "base64").toString("base64");
  if (decoded.replace(/=+$/, "") !== encoded.replace(/=+$/, "")) {
    throw serialization("Invalid base64 data in a binary value");
  }
  return decoded;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
