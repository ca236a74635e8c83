import { flag, integer, type Members, structure, text } from "../http/members.ts";
import { constraint, invalidParameter, notServed } from "./errors.ts";
import { type Item, readItem } from "./item/attribute-value.ts";
import { checkKey, type KeySchema } from "./keys.ts";
import type { Database } from "./store/database.ts";
import type { Table } from "./store/table.ts";

const TABLE_ARN = /^arn:aws[a-z-]*:dynamodb:[^:]*:[^:]*:table\/([^/]+)$/;
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
const NAME = /^[a-zA-Z0-9_.-]+$/;

/** Parameters of before expressions: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html */
const LEGACY = [
  "AttributesToGet",
  "AttributeUpdates",
  "ConditionalOperator",
  "Expected",
  "KeyConditions",
  "QueryFilter",
  "ScanFilter",
];

/** A text member that must be there. @throws AwsError ValidationException */
export function requiredText(input: Members, name: string): string {
  const value = text(input, name);
  if (value === undefined) throw missing(name);
  return value;
}

/** @throws AwsError ValidationException when a structure member is missing */
export function requiredStructure(input: Members, name: string): Members {
  const value = structure(input, name);
  if (value === undefined) throw missing(name);
  return value;
}

/** The error for a required member that is missing. */
export function missing(name: string): Error {
  return constraint(camel(name), "null", "Member must not be null");
}

/** One of several words. @throws AwsError ValidationException */
export function choice<const T extends string>(
  input: Members,
  name: string,
  choices: readonly T[],
  fallback: T,
): T {
  const value = text(input, name) ?? fallback;
  const known = choices.find((one) => one === value);
  if (known === undefined) {
    throw constraint(
      camel(name),
      `'${value}'`,
      `Member must satisfy enum value set: [${choices.join(", ")}]`,
    );
  }
  return known;
}

/** A whole number from `least` on. @throws AwsError ValidationException */
export function atLeast(input: Members, name: string, least: number): number | undefined {
  const value = integer(input, name);
  if (value !== undefined && value < least) {
    throw constraint(camel(name), `'${value}'`, `Member must have value greater than or equal to ${least}`);
  }
  return value;
}

/** The name of a table, from its name or ARN. @throws AwsError ValidationException */
export function tableName(input: Members): string {
  const given = requiredText(input, "TableName");
  const name = TABLE_ARN.exec(given)?.[1] ?? given;
  if (!NAME.test(name)) {
    throw constraint(
      "tableName",
      `'${given}'`,
      "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
    );
  }
  if (name.length < 3 || name.length > 255) {
    throw invalidParameter("TableName must be at least 3 characters long and at most 255 characters long");
  }
  return name;
}

/** The table that a request names. @throws AwsError ResourceNotFoundException, ValidationException */
export function requiredTable(database: Database, input: Members): Table {
  refuseLegacy(input);
  return database.table(tableName(input));
}

/** The key in a member, checked. @throws AwsError ValidationException */
export function requiredKey(schema: KeySchema, input: Members, name = "Key"): Item {
  const key = readItem(requiredStructure(input, name));
  checkKey(schema, key);
  return key;
}

/** Refuses what expressions have replaced. @throws AwsError ValidationException, naming it */
export function refuseLegacy(input: Members): void {
  const used = LEGACY.find((name) => input[name] !== undefined && input[name] !== null);
  if (used !== undefined) throw notServed(`the legacy parameter ${used}`);
}

/** Whether a read asks for what is stored for sure. */
export function isConsistent(input: Members): boolean {
  return flag(input, "ConsistentRead") ?? false;
}

function camel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
