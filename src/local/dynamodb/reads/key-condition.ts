import { validation } from "../errors.ts";
import { type Condition, type Operand, parseCondition } from "../expressions/condition.ts";
import type { Placeholders } from "../expressions/placeholders.ts";
import { type AttributeValue, typeOf } from "../item/attribute-value.ts";
import { valueBytes } from "../item/size.ts";
import { BEHIND, type KeyAttribute, type KeySchema, partitionKey, rangePart, rangePrefix } from "../keys.ts";

/** A stretch of places: from `start`, up to `end` without it. */
export interface Bounds {
  start: string;
  end: string;
}

const LABEL = "KeyConditionExpression";
const NOT_SUPPORTED = "Query key condition not supported";

/**
 * The stretch of a table or index that a KeyConditionExpression names: the partition key by `=`, the sort key by
 * one comparison, BETWEEN or begins_with.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
 * @throws AwsError ValidationException
 */
export function parseKeyCondition(source: string, schema: KeySchema, placeholders: Placeholders): Bounds {
  const parts = conjuncts(parseCondition(LABEL, source, placeholders)).map(readPart);
  const names = parts.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    throw validation(`Invalid ${LABEL}: KeyConditionExpressions must only contain one condition per key`);
  }
  const hash = parts.find(({ name }) => name === schema.hash.name);
  if (!hash) throw validation(`Query condition missed key schema element: ${schema.hash.name}`);
  if (hash.operator !== "=") throw validation(NOT_SUPPORTED);
  const others = parts.filter((part) => part !== hash);
  const range = others.find(({ name }) => name === schema.range?.name);
  if (others.length > (range ? 1 : 0)) {
    const [other] = others.filter((part) => part !== range);
    throw validation(
      schema.range && !range
        ? `Query condition missed key schema element: ${schema.range.name}`
        : `${NOT_SUPPORTED}${other ? "" : `: ${names.join(", ")}`}`,
    );
  }
  checkTypes(hash, schema.hash);
  const partition = partitionKey(hash.values[0]);
  if (!range || !schema.range) return { start: partition, end: partition + BEHIND };
  checkTypes(range, schema.range);
  return rangeBounds(partition, range);
}

interface Part {
  name: string;
  operator: string;
  values: AttributeValue[];
}

function rangeBounds(partition: string, { operator, values }: Part): Bounds {
  const [value, upper] = values as [AttributeValue, AttributeValue | undefined];
  const at = partition + rangePart(value);
  const all = { start: partition, end: partition + BEHIND };
  switch (operator) {
    case "=":
      return { start: at, end: at + BEHIND };
    case "<":
      return { ...all, end: at };
    case "<=":
      return { ...all, end: at + BEHIND };
    case ">":
      return { ...all, start: at + BEHIND };
    case ">=":
      return { ...all, start: at };
    case "BETWEEN":
      return { start: at, end: partition + rangePart(upper ?? value) + BEHIND };
    default: {
      const prefix = partition + rangePrefix(value);
      return { start: prefix, end: prefix + BEHIND };
    }
  }
}

function conjuncts(condition: Condition): Condition[] {
  if (condition.kind === "and") return [...conjuncts(condition.left), ...conjuncts(condition.right)];
  if (condition.kind === "or" || condition.kind === "not" || condition.kind === "in") {
    throw validation(`Invalid operator used in ${LABEL}: ${condition.kind.toUpperCase()}`);
  }
  return [condition];
}

const MIRRORED: Record<string, string> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=" };

function readPart(condition: Condition): Part {
  if (condition.kind === "compare") {
    const { operator, left, right } = condition;
    if (operator === "<>") throw validation(`Invalid operator used in ${LABEL}: <>`);
    if (left.kind === "value") {
      return { name: nameOf(right), operator: MIRRORED[operator] ?? operator, values: [literalOf(left)] };
    }
    return { name: nameOf(left), operator, values: [literalOf(right)] };
  }
  if (condition.kind === "between") {
    const { value, low, high } = condition;
    return { name: nameOf(value), operator: "BETWEEN", values: [literalOf(low), literalOf(high)] };
  }
  if (condition.kind === "function" && condition.name === "begins_with") {
    const [path, value] = condition.operands as [Operand, Operand];
    return { name: nameOf(path), operator: condition.name, values: [literalOf(value)] };
  }
  const used = condition.kind === "function" ? condition.name : condition.kind.toUpperCase();
  throw validation(`Invalid operator used in ${LABEL}: ${used}`);
}

function nameOf(operand: Operand): string {
  if (operand.kind !== "path") {
    throw validation(`Invalid condition in ${LABEL}: Multiple attribute names used in one condition`);
  }
  if (operand.path.length > 1) {
    throw validation(`Invalid ${LABEL}: KeyConditionExpressions cannot have conditions on nested attributes`);
  }
  return operand.path[0];
}

function literalOf(operand: Operand): AttributeValue {
  if (operand.kind === "value") return operand.value;
  throw validation(`Invalid condition in ${LABEL}: No value used in a condition`);
}

function checkTypes({ operator, values }: Part, { name, type }: KeyAttribute): void {
  for (const value of values) {
    if (typeOf(value) !== type || (operator === "begins_with" && type === "N")) {
      throw validation(
        "One or more parameter values were invalid: Condition parameter type does not match schema type",
      );
    }
    if (valueBytes(value) === 0) {
      throw validation(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
      );
    }
  }
}
