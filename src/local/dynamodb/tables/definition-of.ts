import { randomUUID } from "node:crypto";
import { flag, integer, type Members, structure, structures, text, texts } from "../../http/members.ts";
import { constraint, invalidParameter, notServed } from "../errors.ts";
import { type KeyAttribute, type KeySchema, type KeyType, keyAttributes } from "../keys.ts";
import { MAX_GLOBAL_INDEXES, MAX_LOCAL_INDEXES } from "../limits.ts";
import { choice, missing, requiredStructure, requiredText, tableName } from "../parameters.ts";
import type { IndexDefinition, Projection, TableDefinition } from "../store/definition.ts";

const KEY_TYPES: readonly KeyType[] = ["S", "N", "B"];

/** The table that CreateTable asks for. @throws AwsError ValidationException */
export function definitionOf(input: Members, now: number): TableDefinition {
  const attributes = attributeTypes(input);
  if (structures(input, "KeySchema").length === 0) throw missing("KeySchema");
  const schema = schemaOf(input, attributes);
  const indexes = [
    ...indexesOf(input, "LocalSecondaryIndexes", "local", attributes),
    ...indexesOf(input, "GlobalSecondaryIndexes", "global", attributes),
  ];
  checkIndexes(schema, indexes);
  checkAllUsed(attributes, [schema, ...indexes]);
  refuseStream(input);
  return {
    ...schema,
    id: randomUUID(),
    name: tableName(input),
    createdAt: now,
    indexes,
    throughput: throughputOf(input),
    ttlAttribute: null,
    pointInTimeRecovery: false,
    deletionProtection: flag(input, "DeletionProtectionEnabled") ?? false,
    tags: tagsOf(input),
  };
}

/** Types of the attributes in AttributeDefinitions, by name. @throws AwsError ValidationException */
export function attributeTypes(input: Members): Map<string, KeyType> {
  return new Map(
    structures(input, "AttributeDefinitions").map((one): [string, KeyType] => {
      const type = requiredText(one, "AttributeType");
      const known = KEY_TYPES.find((name) => name === type);
      if (!known) {
        throw constraint(
          "attributeDefinitions.member.attributeType",
          `'${type}'`,
          "Member must satisfy enum value set: [B, N, S]",
        );
      }
      return [requiredText(one, "AttributeName"), known];
    }),
  );
}

/** One index of CreateTable or UpdateTable. @throws AwsError ValidationException */
export function indexOf(
  input: Members,
  kind: IndexDefinition["kind"],
  attributes: ReadonlyMap<string, KeyType>,
): IndexDefinition {
  return {
    name: requiredText(input, "IndexName"),
    kind,
    ...schemaOf(input, attributes),
    projection: projectionOf(requiredStructure(input, "Projection")),
  };
}

/** @throws AwsError ValidationException for indexes of one name, too many, or local ones with another partition key */
export function checkIndexes(schema: KeySchema, indexes: readonly IndexDefinition[]): void {
  const names = new Set<string>();
  for (const { name, kind, hash, range } of indexes) {
    if (names.has(name)) throw invalidParameter(`Duplicate index name: ${name}`);
    names.add(name);
    if (kind === "global") continue;
    if (hash.name !== schema.hash.name || !range || !schema.range) {
      throw invalidParameter(
        `Table KeySchema does not have a range key, or index ${name} has another hash key, which is not allowed for a LocalSecondaryIndex`,
      );
    }
  }
  for (const [kind, limit] of [
    ["global", MAX_GLOBAL_INDEXES],
    ["local", MAX_LOCAL_INDEXES],
  ] as const) {
    const count = indexes.filter((index) => index.kind === kind).length;
    if (count > limit)
      throw invalidParameter(`${count} ${kind} secondary indexes exceed the limit of ${limit}`);
  }
}

/** @throws AwsError ValidationException for attributes that no key uses */
export function checkAllUsed(attributes: ReadonlyMap<string, KeyType>, schemas: readonly KeySchema[]): void {
  const used = new Set(schemas.flatMap(keyAttributes).map(({ name }) => name));
  if ([...attributes.keys()].every((name) => used.has(name))) return;
  throw invalidParameter(
    `Some AttributeDefinitions are not used. AttributeDefinitions: [${[...attributes.keys()].join(", ")}], keys used: [${[...used].join(", ")}]`,
  );
}

/** Units of a provisioned table, null for on-demand. @throws AwsError ValidationException */
export function throughputOf(input: Members): TableDefinition["throughput"] {
  const given = structure(input, "ProvisionedThroughput");
  const mode = choice(input, "BillingMode", ["PROVISIONED", "PAY_PER_REQUEST"], "PROVISIONED");
  if (mode === "PAY_PER_REQUEST") {
    if (!given) return null;
    throw invalidParameter(
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  }
  const read = given && integer(given, "ReadCapacityUnits");
  const write = given && integer(given, "WriteCapacityUnits");
  if (!read || !write) {
    throw invalidParameter(
      "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    );
  }
  return { read, write };
}

/** @throws AwsError ValidationException: the engine has no DynamoDB streams */
export function refuseStream(input: Members): void {
  const specification = structure(input, "StreamSpecification");
  if (specification && flag(specification, "StreamEnabled")) throw notServed("DynamoDB Streams");
}

/** The tags in a request, by key. */
export function tagsOf(input: Members): Record<string, string> {
  return Object.fromEntries(
    structures(input, "Tags").map((tag) => [requiredText(tag, "Key"), text(tag, "Value") ?? ""]),
  );
}

function schemaOf(input: Members, attributes: ReadonlyMap<string, KeyType>): KeySchema {
  const elements = structures(input, "KeySchema").map((one) => ({
    name: requiredText(one, "AttributeName"),
    role: requiredText(one, "KeyType"),
  }));
  const [first, second] = elements;
  if (first?.role !== "HASH" || elements.length > 2 || (second && second.role !== "RANGE")) {
    throw invalidParameter("Invalid KeySchema: it must be a HASH key, then at most one RANGE key");
  }
  if (first.name === second?.name) {
    throw invalidParameter("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  }
  const typed = (name: string): KeyAttribute => {
    const type = attributes.get(name);
    if (type) return { name, type };
    throw invalidParameter(
      `Some index key attributes are not defined in AttributeDefinitions. Keys: [${name}], AttributeDefinitions: [${[...attributes.keys()].join(", ")}]`,
    );
  };
  return { hash: typed(first.name), range: second ? typed(second.name) : null };
}

function indexesOf(
  input: Members,
  member: string,
  kind: IndexDefinition["kind"],
  attributes: ReadonlyMap<string, KeyType>,
): IndexDefinition[] {
  return structures(input, member).map((one) => indexOf(one, kind, attributes));
}

function projectionOf(input: Members): Projection {
  const type = text(input, "ProjectionType");
  if (type === "ALL" || type === "KEYS_ONLY") return { type };
  const attributes = texts(input, "NonKeyAttributes");
  if (type === "INCLUDE" && attributes.length > 0) return { type, attributes };
  throw invalidParameter(`Unknown ProjectionType: ${type ?? "null"}`);
}
