import { LOCAL_ACCOUNT, LOCAL_REGION } from "../../service.ts";
import { type KeyAttribute, type KeySchema, keyAttributes } from "../keys.ts";
import type { IndexDefinition, TableDefinition } from "../store/definition.ts";
import type { Table } from "../store/table.ts";

export function tableArn(name: string): string {
  return `arn:aws:dynamodb:${LOCAL_REGION}:${LOCAL_ACCOUNT}:table/${name}`;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html, with exact counts */
export function describeTable(
  table: Table,
  status: "CREATING" | "ACTIVE" | "UPDATING" | "DELETING" = "ACTIVE",
): object {
  const { definition } = table;
  const { name, createdAt, throughput } = definition;
  const indexes = (kind: IndexDefinition["kind"]) =>
    definition.indexes.filter((index) => index.kind === kind).map((index) => describeIndex(table, index));
  const [globals, locals] = [indexes("global"), indexes("local")];
  return {
    AttributeDefinitions: attributeDefinitions(definition),
    TableName: name,
    KeySchema: keySchema(definition),
    TableStatus: status,
    CreationDateTime: createdAt / 1000,
    ProvisionedThroughput: units(throughput),
    TableSizeBytes: table.bytes,
    ItemCount: table.items.size,
    TableArn: tableArn(name),
    TableId: definition.id,
    ...(throughput ? {} : { BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" } }),
    ...(globals.length > 0 ? { GlobalSecondaryIndexes: globals } : {}),
    ...(locals.length > 0 ? { LocalSecondaryIndexes: locals } : {}),
    DeletionProtectionEnabled: definition.deletionProtection,
  };
}

function describeIndex(table: Table, index: IndexDefinition): object {
  const { name, projection, kind } = index;
  return {
    IndexName: name,
    KeySchema: keySchema(index),
    Projection: {
      ProjectionType: projection.type,
      ...(projection.type === "INCLUDE" ? { NonKeyAttributes: projection.attributes } : {}),
    },
    ...(kind === "global"
      ? { IndexStatus: "ACTIVE", ProvisionedThroughput: units(table.definition.throughput) }
      : {}),
    ItemCount: table.entries(index).size,
    IndexArn: `${tableArn(table.definition.name)}/index/${name}`,
  };
}

function attributeDefinitions(definition: TableDefinition): object[] {
  const types = new Map(
    [definition, ...definition.indexes]
      .flatMap(keyAttributes)
      .map(({ name, type }): [string, string] => [name, type]),
  );
  return [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));
}

function keySchema({ hash, range }: KeySchema): object[] {
  const element = ({ name }: KeyAttribute, KeyType: "HASH" | "RANGE") => ({ AttributeName: name, KeyType });
  return [element(hash, "HASH"), ...(range ? [element(range, "RANGE")] : [])];
}

function units(throughput: TableDefinition["throughput"]): object {
  return {
    NumberOfDecreasesToday: 0,
    ReadCapacityUnits: throughput?.read ?? 0,
    WriteCapacityUnits: throughput?.write ?? 0,
  };
}
