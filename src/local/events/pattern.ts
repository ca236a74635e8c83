import { AwsError } from "../service.ts";
import { type LeafTest, leafTest } from "./pattern-operators.ts";

/** Longest pattern text, in characters (PutRule's EventPattern). */
const MAXIMUM_PATTERN_LENGTH = 4_096;

/** Whether an event matches. */
export type Matcher = (event: unknown) => boolean;

/** Builds the error for a pattern that is not valid. */
export type Invalid = (reason: string) => Error;

const invalidEventPattern: Invalid = (reason) =>
  new AwsError("InvalidEventPatternException", `Event pattern is not valid. Reason: ${reason}`);

/**
 * Compiles the text of an event pattern
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html).
 * @throws AwsError InvalidEventPatternException with the reason
 */
export function compileEventPattern(text: string): Matcher {
  if (text.length > MAXIMUM_PATTERN_LENGTH) {
    throw invalidEventPattern(
      `a pattern has at most ${MAXIMUM_PATTERN_LENGTH} characters, this has ${text.length}`,
    );
  }
  let source: unknown;
  try {
    source = JSON.parse(text);
  } catch (error) {
    throw invalidEventPattern(`Invalid JSON: ${(error as Error).message}`);
  }
  return compilePattern(source, invalidEventPattern);
}

/**
 * Compiles a parsed pattern; SNS filter policies use the same language.
 * @throws what `invalid` makes of the reason
 */
export function compilePattern(source: unknown, invalid: Invalid): Matcher {
  if (!isObject(source)) throw invalid("Filter is not an object");
  return compileObject(source, "", invalid);
}

function compileObject(source: Record<string, unknown>, path: string, invalid: Invalid): Matcher {
  const entries = Object.entries(source);
  if (entries.length === 0) throw invalid(`Empty objects are not allowed${at(path)}`);
  const tests = entries.map(([key, value]): Matcher => {
    const here = path === "" ? key : `${path}.${key}`;
    if (key === "$or") return compileOr(value, path, invalid);
    if (isObject(value)) {
      const nested = compileObject(value, here, invalid);
      return (event) => nested(member(event, key));
    }
    if (!Array.isArray(value)) throw invalid(`"${here}" must be an object or an array`);
    if (value.length === 0) throw invalid(`Empty arrays are not allowed${at(here)}`);
    const leaves = value.map((item) => leafTest(item, here, invalid));
    return (event) => matchesLeaf(member(event, key), leaves);
  });
  return (event) => {
    // Of an array of objects, one element alone must satisfy everything below it.
    if (Array.isArray(event)) return event.some((element) => tests.every((test) => test(element)));
    return tests.every((test) => test(event));
  };
}

function compileOr(value: unknown, path: string, invalid: Invalid): Matcher {
  if (!Array.isArray(value) || value.length < 2 || !value.every(isObject)) {
    throw invalid(`"$or" must be an array of at least two objects${at(path)}`);
  }
  const choices = value.map((choice) => compileObject(choice, path, invalid));
  return (event) => choices.some((choice) => choice(event));
}

function matchesLeaf(value: unknown, tests: readonly LeafTest[]): boolean {
  const leaves = leavesOf(value);
  return tests.some(({ absent, test }) => (leaves.length === 0 ? absent : leaves.some((leaf) => test(leaf))));
}

/** The plain values at a place: of an array all of them, of an object or of nothing none. */
function leavesOf(value: unknown): unknown[] {
  if (value === undefined || isObject(value)) return [];
  return Array.isArray(value) ? value.flatMap(leavesOf) : [value];
}

/** A member of an event's object; nothing where there is no object. */
function member(event: unknown, key: string): unknown {
  return isObject(event) && Object.hasOwn(event, key) ? event[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function at(path: string): string {
  return path === "" ? "" : ` at "${path}"`;
}
