import { type Members, text } from "../../http/members.ts";
import { invalidParameter, validation } from "../errors.ts";
import { type Item, readItem } from "../item/attribute-value.ts";
import { checkKey, entryKey, type KeySchema, keyAttributes, keyOf } from "../keys.ts";
import { isConsistent, requiredStructure } from "../parameters.ts";
import type { IndexDefinition } from "../store/definition.ts";
import type { Table } from "../store/table.ts";

/** What Query and Scan read: a table or one of its indexes. */
export interface Source {
  table: Table;
  index: IndexDefinition | undefined;
  schema: KeySchema;
  entries: Table["items"];
  /** What the index holds of an item. */
  held(item: Item): Item;
}

/** @throws AwsError ValidationException for an index that is not there, or can't be read consistently */
export function sourceOf(table: Table, input: Members): Source {
  const { definition } = table;
  const name = text(input, "IndexName");
  if (name === undefined) {
    return { table, index: undefined, schema: definition, entries: table.items, held: (item) => item };
  }
  const index = definition.indexes.find((one) => one.name === name);
  if (!index) throw validation(`The table does not have the specified index: ${name}`);
  if (index.kind === "global" && isConsistent(input)) {
    throw validation("Consistent reads are not supported on global secondary indexes");
  }
  return { table, index, schema: index, entries: table.entries(index), held: projected(table, index) };
}

/** The key after which a page went no further. */
export function lastKey({ table, index }: Source, item: Item): Item {
  return { ...(index ? keyOf(index, item) : {}), ...keyOf(table.definition, item) };
}

/**
 * The place in the source of an ExclusiveStartKey.
 * @throws AwsError ValidationException when it is no key of this source
 */
export function startPlace({ table, index }: Source, input: Members): string | undefined {
  if (input.ExclusiveStartKey === undefined || input.ExclusiveStartKey === null) return undefined;
  const key = readItem(requiredStructure(input, "ExclusiveStartKey"));
  const schemas = index ? [table.definition, index] : [table.definition];
  const wanted = new Set(schemas.flatMap(keyAttributes).map(({ name }) => name));
  if (Object.keys(key).length !== wanted.size) throw validation("The provided starting key is invalid");
  try {
    for (const schema of schemas) checkKey(schema, keyOf(schema, key));
  } catch (error) {
    throw validation(`The provided starting key is invalid: ${(error as Error).message}`);
  }
  const place = entryKey(table.definition, key);
  return index ? entryKey(index, key) + place : place;
}

function projected({ definition }: Table, { projection, ...index }: IndexDefinition): Source["held"] {
  if (projection.type === "ALL") return (item) => item;
  const names = new Set([
    ...[...keyAttributes(definition), ...keyAttributes(index)].map(({ name }) => name),
    ...(projection.type === "INCLUDE" ? projection.attributes : []),
  ]);
  return (item) => Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}

const SELECTS = ["ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES"];

/** Whether only the number of items is asked for. @throws AwsError ValidationException for a Select that doesn't fit */
export function countsOnly(input: Members, { index }: Source): boolean {
  const select = text(input, "Select");
  const projects = text(input, "ProjectionExpression") !== undefined;
  if (select === undefined) return false;
  if (!SELECTS.includes(select)) {
    throw invalidParameter(`Select must be one of ${SELECTS.join(", ")}, not ${select}`);
  }
  if (projects && select !== "SPECIFIC_ATTRIBUTES") {
    throw validation(`Cannot specify the ProjectionExpression when choosing to get ${shownAs(select)}`);
  }
  if (select === "ALL_PROJECTED_ATTRIBUTES" && !index) {
    throw invalidParameter("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  if (select === "ALL_ATTRIBUTES" && index?.kind === "global" && index.projection.type !== "ALL") {
    throw invalidParameter(
      `Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} because its projection type is not ALL`,
    );
  }
  return select === "COUNT";
}

function shownAs(select: string): string {
  return select === "COUNT" ? "only the Count" : select;
}
