import { randomUUID } from "node:crypto";
import { invalidParameter } from "../errors.ts";
import type { KeySchema } from "../keys.ts";
import type { Database } from "../store/database.ts";
import type { IndexDefinition, TableDefinition } from "../store/definition.ts";

/** What a pipeline declares of a table; its indexes are global and hold whole items. */
export interface DeclaredTable extends KeySchema {
  indexes: Record<string, KeySchema>;
  ttlAttribute: string | null;
  pointInTimeRecovery: boolean;
}

/**
 * Makes a table, or gives one that is there these indexes and settings; its items stay.
 * @throws AwsError ValidationException when the table that is there has another key
 */
export async function declareTable(database: Database, name: string, declared: DeclaredTable): Promise<void> {
  const { hash, range, ttlAttribute, pointInTimeRecovery } = declared;
  const indexes = Object.entries(declared.indexes).map(
    ([indexName, schema]): IndexDefinition => ({
      name: indexName,
      kind: "global",
      hash: schema.hash,
      range: schema.range,
      projection: { type: "ALL" },
    }),
  );
  const settings = { indexes, ttlAttribute, pointInTimeRecovery };
  const table = database.find(name);
  if (!table) {
    await database.create({
      id: randomUUID(),
      name,
      hash,
      range,
      createdAt: database.now(),
      throughput: null,
      deletionProtection: false,
      tags: {},
      ...settings,
    });
    return;
  }
  const before = table.definition;
  if (!sameKey(before, declared)) {
    throw invalidParameter(
      `the table ${name} is there with another key, which can't be changed; destroy the pipeline first`,
    );
  }
  if (settled(before, settings)) return;
  // An index of the same name with another key is another index.
  const kept = before.indexes.filter((index) => {
    const next = indexes.find((one) => one.name === index.name);
    return next && sameKey(index, next);
  });
  if (kept.length < before.indexes.length) {
    await database.redefine(table, (now) => ({ ...now, indexes: kept }));
  }
  await database.redefine(table, (now) => ({ ...now, ...settings }));
}

function settled(now: TableDefinition, wanted: Partial<TableDefinition>): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => JSON.stringify(now[name as keyof TableDefinition]) === JSON.stringify(value),
  );
}

function sameKey(a: KeySchema, b: KeySchema): boolean {
  const key = ({ hash, range }: KeySchema) => [hash.name, hash.type, range?.name, range?.type].join("\n");
  return key(a) === key(b);
}
