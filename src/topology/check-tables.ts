import type { Fault } from "./faults.ts";
import type { KeyAttribute, Pipeline, Table } from "./types.ts";

/** CreateTable, GlobalSecondaryIndexes: the quota of indexes per table. */
const MAX_INDEXES = 20;
/** CreateTable, IndexName. */
const MIN_INDEX_NAME = 3;

/** What the keys of a table and of its indexes demand of each other. */
export function checkTables({ tables }: Pipeline): Fault[] {
  return Object.entries(tables).flatMap(([key, table]) => {
    const path = ["tables", key];
    const faults = [...checkKeys(table, path), ...checkTypes(table, path)];
    const indexes = Object.keys(table.indexes);
    if (indexes.length > MAX_INDEXES) {
      const message = `has ${indexes.length} indexes, DynamoDB takes ${MAX_INDEXES}`;
      faults.push({ path: [...path, "indexes"], message });
    }
    for (const name of indexes) {
      if (name.length >= MIN_INDEX_NAME) continue;
      const message = `is too short: the name of an index has at least ${MIN_INDEX_NAME} characters`;
      faults.push({ path: [...path, "indexes", name], message });
    }
    const ttl = table.ttlAttribute;
    if (ttl !== null && keyAttributes(table, path).some(({ attribute }) => attribute.name === ttl)) {
      faults.push({ path: [...path, "ttlAttribute"], message: `${ttl} is the attribute of a key` });
    }
    return faults;
  });
}

function checkKeys(table: Table, path: readonly string[]): Fault[] {
  const keys = [
    { at: path, key: table },
    ...Object.entries(table.indexes).map(([name, key]) => ({ at: [...path, "indexes", name], key })),
  ];
  return keys.flatMap(({ at, key: { hashKey, rangeKey } }) =>
    rangeKey?.name === hashKey.name
      ? [{ path: [...at, "rangeKey", "name"], message: `${rangeKey.name} is the hash key already` }]
      : [],
  );
}

/** An attribute has one type in all keys that it is part of: CreateTable, AttributeDefinitions. */
function checkTypes(table: Table, path: readonly string[]): Fault[] {
  const types = new Map<string, string>();
  return keyAttributes(table, path).flatMap(({ attribute: { name, type }, at }) => {
    const first = types.get(name) ?? type;
    types.set(name, first);
    if (type === first) return [];
    return [{ path: [...at, "type"], message: `must be ${first}, which ${name} is in another key` }];
  });
}

/** Every key attribute and where it stands, those of the table first. */
function keyAttributes(
  { hashKey, rangeKey, indexes }: Table,
  path: readonly string[],
): { attribute: KeyAttribute; at: readonly string[] }[] {
  const keys = [
    { at: path, hashKey, rangeKey },
    ...Object.entries(indexes).map(([name, key]) => ({ at: [...path, "indexes", name], ...key })),
  ];
  return keys.flatMap(({ at, hashKey, rangeKey }) => [
    { attribute: hashKey, at: [...at, "hashKey"] },
    ...(rangeKey ? [{ attribute: rangeKey, at: [...at, "rangeKey"] }] : []),
  ]);
}
