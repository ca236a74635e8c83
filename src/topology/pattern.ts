import type { Fault, JsonPath } from "./faults.ts";

/** Comparison operators of EventBridge event patterns: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html */
const EVENT_OPERATORS = [
  "anything-but",
  "cidr",
  "equals-ignore-case",
  "exists",
  "numeric",
  "prefix",
  "suffix",
  "wildcard",
];
/** Operators of SNS subscription filter policies: https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html */
const FILTER_OPERATORS = EVENT_OPERATORS.filter((operator) => operator !== "wildcard");
/** Quota "Event pattern size", 2048, less 128 that the name of the bucket takes. */
const MAX_PATTERN_CHARACTERS = 2048 - 128;
/** SetSubscriptionAttributes: attribute names in one filter policy. */
const MAX_FILTER_NAMES = 5;

/**
 * Faults in the outline of an event pattern: objects down to arrays of values or `{operator: ...}`. Operands
 * are left to PutRule.
 */
export function checkEventPattern(pattern: Record<string, unknown>, path: JsonPath): Fault[] {
  const faults = checkFields(pattern, path, EVENT_OPERATORS, true);
  const length = JSON.stringify(pattern).length;
  if (length > MAX_PATTERN_CHARACTERS) {
    faults.push({ path, message: `has ${length} characters, a rule has room for ${MAX_PATTERN_CHARACTERS}` });
  }
  return faults;
}

/** Faults in the outline of a filter policy over message attributes: one level of names, each with an array. */
export function checkFilterPolicy(policy: Record<string, unknown>, path: JsonPath): Fault[] {
  const faults = checkFields(policy, path, FILTER_OPERATORS, false);
  const names = Object.keys(policy).length;
  if (names > MAX_FILTER_NAMES) {
    faults.push({ path, message: `names ${names} attributes, SNS takes ${MAX_FILTER_NAMES}` });
  }
  return faults;
}

function checkFields(
  fields: Record<string, unknown>,
  path: JsonPath,
  operators: readonly string[],
  nested: boolean,
): Fault[] {
  if (Object.keys(fields).length === 0) {
    return [{ path, message: "must name at least one field" }];
  }
  return Object.entries(fields).flatMap(([name, value]) => {
    const at = [...path, name];
    if (name === "$or") return checkAlternatives(value, at, operators, nested);
    if (Array.isArray(value)) return checkValues(value, at, operators);
    if (nested && isObject(value)) return checkFields(value, at, operators, nested);
    const wanted = nested ? "an array of values, or an object of fields" : "an array of values";
    return [{ path: at, message: `must be ${wanted}` }];
  });
}

function checkAlternatives(
  value: unknown,
  path: JsonPath,
  operators: readonly string[],
  nested: boolean,
): Fault[] {
  if (!Array.isArray(value) || value.length < 2) {
    return [{ path, message: "must be an array of at least two alternatives" }];
  }
  return value.flatMap((one: unknown, index) =>
    isObject(one)
      ? checkFields(one, [...path, index], operators, nested)
      : [{ path: [...path, index], message: "must be an object of fields" }],
  );
}

function checkValues(values: readonly unknown[], path: JsonPath, operators: readonly string[]): Fault[] {
  if (values.length === 0) return [{ path, message: "must hold at least one value" }];
  return values.flatMap((value, index) => {
    if (Array.isArray(value)) return [{ path: [...path, index], message: "must not be an array" }];
    if (!isObject(value)) return [];
    const [operator, ...more] = Object.keys(value);
    if (operator !== undefined && more.length === 0 && operators.includes(operator)) return [];
    return [
      { path: [...path, index], message: `must have exactly one operator out of ${operators.join(", ")}` },
    ];
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
