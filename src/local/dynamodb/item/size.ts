import { type AttributeValue, type Item, typeOf } from "./attribute-value.ts";
import { numberBytes } from "./number.ts";

/** What a map or list takes besides its contents, and each of its entries. */
const CONTAINER_BYTES = 3;
const ENTRY_BYTES = 1;

/** Bytes of an item: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

/** Bytes of one value. */
export function valueBytes(value: AttributeValue): number {
  if ("S" in value) return Buffer.byteLength(value.S);
  if ("N" in value) return numberBytes(value.N);
  if ("B" in value) return binaryBytes(value.B);
  if ("SS" in value) return sum(value.SS, (one) => Buffer.byteLength(one));
  if ("NS" in value) return sum(value.NS, numberBytes);
  if ("BS" in value) return sum(value.BS, binaryBytes);
  if ("L" in value) return CONTAINER_BYTES + sum(value.L, (one) => ENTRY_BYTES + valueBytes(one));
  if ("M" in value) return CONTAINER_BYTES + itemBytes(value.M) + ENTRY_BYTES * Object.keys(value.M).length;
  return 1;
}

/**
 * What the function `size` gives in expressions: bytes of a binary, characters of a text, elements of the rest;
 * undefined for types that have no size.
 */
export function sizeOf(value: AttributeValue): number | undefined {
  if ("S" in value) return value.S.length;
  if ("B" in value) return binaryBytes(value.B);
  if ("M" in value) return Object.keys(value.M).length;
  const elements = (value as Record<string, unknown>)[typeOf(value)];
  return Array.isArray(elements) ? elements.length : undefined;
}

function binaryBytes(base64: string): number {
  return Buffer.byteLength(base64, "base64");
}

function sum<T>(values: readonly T[], bytes: (value: T) => number): number {
  return values.reduce((total, value) => total + bytes(value), 0);
}
