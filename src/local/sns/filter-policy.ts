import { compilePattern, type Matcher } from "../events/pattern.ts";
import type { MessageAttributes } from "../service.ts";
import { invalidParameter } from "./errors.ts";

export type FilterPolicyScope = "MessageAttributes" | "MessageBody";

/** Which messages a subscription wants. */
export type Filter = (message: string, attributes: MessageAttributes) => boolean;

/** Keys of a filter policy (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html). */
const POLICY_KEYS = 5;

/**
 * Compiles a filter policy (https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html): the
 * language of event patterns, over the message attributes or over the message's JSON.
 * @throws AwsError InvalidParameter
 */
export function compileFilter(policy: string, scope: FilterPolicyScope): Filter {
  const invalid = (reason: string) => invalidParameter(`FilterPolicy: ${reason}`);
  let source: unknown;
  try {
    source = JSON.parse(policy);
  } catch (error) {
    throw invalid(`failed to parse JSON. ${(error as Error).message}`);
  }
  if (typeof source === "object" && source !== null) {
    // An empty policy takes everything.
    if (Object.keys(source).length === 0) return () => true;
    if (Object.keys(source).length > POLICY_KEYS)
      throw invalid("Filter policy can not have more than 5 keys");
    if (scope === "MessageAttributes") rejectNesting(source, invalid);
  }
  const matches = compilePattern(source, invalid);
  return scope === "MessageBody"
    ? (message) => matchesBody(matches, message)
    : (_message, attributes) => matches(valuesOf(attributes));
}

/** A policy over the body takes JSON objects only: https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html */
function matchesBody(matches: Matcher, message: string): boolean {
  try {
    return matches(JSON.parse(message));
  } catch {
    // Not JSON, so nothing that a policy over the body could want.
    return false;
  }
}

/** Attributes as values: numbers as numbers, String.Array as a list; binary ones can't be filtered on. */
function valuesOf(attributes: MessageAttributes): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, { DataType, StringValue }] of Object.entries(attributes)) {
    if (StringValue === undefined) continue;
    if (DataType === "String.Array") values[name] = arrayOf(StringValue);
    else values[name] = DataType.startsWith("Number") ? Number(StringValue) : StringValue;
  }
  return values;
}

function arrayOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // SNS refuses such a value when it is published; one from inside the engine is a plain text.
    return text;
  }
}

function rejectNesting(source: object, invalid: (reason: string) => Error): void {
  for (const [key, value] of Object.entries(source)) {
    if (key === "$or" && Array.isArray(value)) {
      for (const choice of value)
        if (typeof choice === "object" && choice !== null) rejectNesting(choice, invalid);
    } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      throw invalid("Filter policy scope MessageAttributes does not support nested filter policy");
    }
  }
}
