import { createHash } from "node:crypto";
import { invalidParameter, validation } from "./errors.ts";
import { type AttributeValue, attribute, type Item, typeOf } from "./item/attribute-value.ts";
import { orderedNumber } from "./item/number.ts";
import { valueBytes } from "./item/size.ts";
import { MAX_HASH_KEY_BYTES, MAX_RANGE_KEY_BYTES } from "./limits.ts";

export type KeyType = "S" | "N" | "B";

export interface KeyAttribute {
  name: string;
  type: KeyType;
}

/** The key attributes of a table or an index. */
export interface KeySchema {
  hash: KeyAttribute;
  range: KeyAttribute | null;
}

/** Ends a sort key inside an entry key; a zero inside the sort key is written as zero and 255, which sorts behind. */
const END = "\0\0";
/** Sorts behind everything that continues a prefix: entry keys have no character beyond 255. */
export const BEHIND = "\u0100";

export function keyAttributes({ hash, range }: KeySchema): KeyAttribute[] {
  return range ? [hash, range] : [hash];
}

/** The key attributes of an item. */
export function keyOf(schema: KeySchema, item: Item): Item {
  return Object.fromEntries(
    keyAttributes(schema).flatMap(({ name }) => {
      const value = attribute(item, name);
      return value ? [[name, value]] : [];
    }),
  );
}

/**
 * Where an item has its place among a table's items: by hash of the partition key, then by sort key. Plain string
 * comparison of two such keys is DynamoDB's order: numbers by value, texts and binaries by bytes.
 */
export function entryKey(schema: KeySchema, item: Item): string {
  const hash = attribute(item, schema.hash.name);
  const range = schema.range ? attribute(item, schema.range.name) : undefined;
  return range ? flat(partitionKey(hash) + rangePart(range)) : partitionKey(hash);
}

/** An item's place in an index; undefined where it lacks one of the index's key attributes: indexes are sparse. */
export function indexKey(schema: KeySchema, item: Item, primary: string): string | undefined {
  if (!keyAttributes(schema).every(({ name }) => attribute(item, name))) return undefined;
  return flat(entryKey(schema, item) + primary);
}

/** What the places of all items with this partition key begin with: 16 characters. */
export function partitionKey(hash: AttributeValue | undefined): string {
  return createHash("md5")
    .update(hash ? ordered(hash) : "", "latin1")
    .digest()
    .toString("latin1");
}

/** What follows the partition key in the place of an item with this sort key. */
export function rangePart(range: AttributeValue): string {
  return rangePrefix(range) + END;
}

/** What follows the partition key in the places of items whose sort key begins with this one. */
export function rangePrefix(range: AttributeValue): string {
  return ordered(range).replaceAll("\0", "\0\u00ff");
}

/** The same text in one piece: one made of pieces takes more memory, and each comparison of it several times as long. */
function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

function ordered(value: AttributeValue): string {
  if ("N" in value) return orderedNumber(value.N);
  if ("B" in value) return Buffer.from(value.B, "base64").toString("latin1");
  return "S" in value ? Buffer.from(value.S).toString("latin1") : "";
}

/** Checks the key attributes of an item to be put. @throws AwsError ValidationException */
export function checkItemKey(schema: KeySchema, item: Item): void {
  for (const { name, type } of keyAttributes(schema)) {
    const value = attribute(item, name);
    if (!value) throw invalidParameter(`Missing the key ${name} in the item`);
    const actual = typeOf(value);
    if (actual !== type)
      throw invalidParameter(`Type mismatch for key ${name} expected: ${type} actual: ${actual}`);
  }
  checkKeyValues(schema, item);
}

/** Checks a key given to name one item: all key attributes, and nothing else. @throws AwsError ValidationException */
export function checkKey(schema: KeySchema, key: Item): void {
  const wanted = keyAttributes(schema);
  const fits =
    Object.keys(key).length === wanted.length &&
    wanted.every(({ name, type }) => {
      const value = attribute(key, name);
      return value !== undefined && typeOf(value) === type;
    });
  if (!fits) throw validation("The provided key element does not match the schema");
  checkKeyValues(schema, key);
}

/** Checks what an item would put into an index. @throws AwsError ValidationException */
export function checkIndexKey(schema: KeySchema, item: Item, indexName: string): void {
  for (const { name, type } of keyAttributes(schema)) {
    const value = attribute(item, name);
    if (!value) continue;
    const actual = typeOf(value);
    if (actual !== type) {
      throw invalidParameter(
        `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${actual} IndexName: ${indexName}`,
      );
    }
    if (valueBytes(value) === 0) {
      throw validation(
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${noun(type)} value. IndexName: ${indexName}, IndexKey: ${name}`,
      );
    }
  }
}

function checkKeyValues({ hash, range }: KeySchema, item: Item): void {
  for (const { name, type } of keyAttributes({ hash, range })) {
    if (bytesOf(item, name) > 0) continue;
    throw validation(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${noun(type)} value. Key: ${name}`,
    );
  }
  if (bytesOf(item, hash.name) > MAX_HASH_KEY_BYTES) {
    throw invalidParameter(
      `Size of hashkey has exceeded the maximum size limit of${MAX_HASH_KEY_BYTES} bytes`,
    );
  }
  if (range && bytesOf(item, range.name) > MAX_RANGE_KEY_BYTES) {
    throw invalidParameter(
      `Aggregated size of all range keys has exceeded the size limit of ${MAX_RANGE_KEY_BYTES} bytes`,
    );
  }
}

function bytesOf(item: Item, name: string): number {
  const value = attribute(item, name);
  return value ? valueBytes(value) : 0;
}

function noun(type: KeyType): string {
  return type === "B" ? "binary" : "string";
}
