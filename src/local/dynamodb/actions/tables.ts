import type { Operations } from "../../http/json-protocol.ts";
import { flag, type Members, structure, structures, text } from "../../http/members.ts";
import { inUse, notFound, notServed, validation } from "../errors.ts";
import { atLeast, requiredText, tableName } from "../parameters.ts";
import type { Database } from "../store/database.ts";
import type { IndexDefinition, TableDefinition } from "../store/definition.ts";
import type { Table } from "../store/table.ts";
import {
  attributeTypes,
  checkIndexes,
  definitionOf,
  indexOf,
  refuseStream,
  throughputOf,
} from "../tables/definition-of.ts";
import { describeTable } from "../tables/describe.ts";

/** Names in one page of ListTables. */
const PAGE = 100;

/** CreateTable, DescribeTable, ListTables, UpdateTable, DeleteTable: all take effect at once. */
export function tableActions(database: Database): Operations {
  return {
    CreateTable: async (input) => {
      const table = await database.create(definitionOf(input, database.now()));
      return { TableDescription: describeTable(table, "CREATING") };
    },

    DescribeTable: (input) => ({ Table: describeTable(namedTable(database, input)) }),

    ListTables: (input) => {
      const limit = Math.min(PAGE, atLeast(input, "Limit", 1) ?? PAGE);
      const start = text(input, "ExclusiveStartTableName");
      const names = database
        .tables()
        .map(({ definition }) => definition.name)
        .filter((name) => start === undefined || name > start);
      const page = names.slice(0, limit);
      return { TableNames: page, ...(names.length > limit ? { LastEvaluatedTableName: page.at(-1) } : {}) };
    },

    UpdateTable: async (input) => {
      const table = namedTable(database, input);
      await database.redefine(table, (now) => updated(now, input));
      return { TableDescription: describeTable(table, "UPDATING") };
    },

    DeleteTable: async (input) => {
      const table = namedTable(database, input);
      if (table.definition.deletionProtection) {
        throw validation(
          "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
        );
      }
      await database.drop(table);
      return { TableDescription: describeTable(table, "DELETING") };
    },
  };
}

function namedTable(database: Database, input: Members): Table {
  const name = tableName(input);
  const table = database.find(name);
  if (!table) throw notFound(`Table: ${name} not found`);
  return table;
}

function updated(now: TableDefinition, input: Members): TableDefinition {
  refuseStream(input);
  const attributes = attributeTypes(input);
  for (const schema of [now, ...now.indexes]) {
    for (const key of [schema.hash, schema.range]) if (key) attributes.set(key.name, key.type);
  }
  let { indexes } = now;
  for (const change of structures(input, "GlobalSecondaryIndexUpdates")) {
    const [create, remove] = [structure(change, "Create"), structure(change, "Delete")];
    if (create) indexes = [...indexes, newIndex(indexes, create, attributes)];
    else if (remove) indexes = without(indexes, requiredText(remove, "IndexName"));
    else if (!structure(change, "Update")) throw notServed("this change of a global secondary index");
  }
  checkIndexes(now, indexes);
  const repriced = input.BillingMode !== undefined || input.ProvisionedThroughput !== undefined;
  return {
    ...now,
    indexes,
    throughput: repriced ? throughputOf(input) : now.throughput,
    deletionProtection: flag(input, "DeletionProtectionEnabled") ?? now.deletionProtection,
  };
}

function newIndex(
  indexes: readonly IndexDefinition[],
  create: Members,
  attributes: Parameters<typeof indexOf>[2],
): IndexDefinition {
  const index = indexOf(create, "global", attributes);
  if (indexes.some(({ name }) => name === index.name)) {
    throw inUse(`Attempting to create an index which already exists: ${index.name}`);
  }
  return index;
}

function without(indexes: readonly IndexDefinition[], name: string): IndexDefinition[] {
  const left = indexes.filter((index) => index.name !== name);
  if (left.length === indexes.length) throw notFound(`Index: ${name} not found`);
  return left;
}
