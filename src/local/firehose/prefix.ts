import { compileDatePattern } from "./date-pattern.ts";
import { invalidArgument } from "./errors.ts";

/** What the expressions of a prefix are evaluated with. */
export interface PrefixInput {
  /** Arrival of the object's oldest record, in milliseconds since the epoch. */
  arrivedAt: number;
  /** By the name in the query. */
  partitionKeys: Record<string, string>;
  errorOutputType: string;
  /** Letters and digits, 11 of them for each `!{firehose:random-string}`. */
  random(index: number): string;
}

export type Prefix = (input: PrefixInput) => string;

const EXPRESSION = /!\{([^}]*)\}/g;
const TIMESTAMP = "timestamp:";
const PARTITION_KEY = "partitionKeyFromQuery:";
const ERROR_TYPE = "firehose:error-output-type";
const RANDOM = "firehose:random-string";
/** What stands before the object's name when no time is in the prefix. */
const DEFAULT_TIME = "!{timestamp:yyyy/MM/dd/HH}/";

/** The names of the partition keys in a prefix. */
export function partitionKeysIn(prefix: string): string[] {
  return [...prefix.matchAll(EXPRESSION)].flatMap(([, inner = ""]) =>
    inner.startsWith(PARTITION_KEY) ? [inner.slice(PARTITION_KEY.length)] : [],
  );
}

export function hasExpressions(prefix: string): boolean {
  return prefix.includes("!{");
}

/**
 * Compiles a prefix for objects: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html. One without a
 * timestamp gets year, month, day and hour behind it.
 * @throws AwsError InvalidArgumentException for an expression that Firehose or the engine has not
 */
export function compilePrefix(prefix: string): Prefix {
  const timed = prefix.includes(`!{${TIMESTAMP}`) ? prefix : prefix + DEFAULT_TIME;
  return compile(timed, (inner) => inner.startsWith(PARTITION_KEY));
}

/**
 * Compiles a prefix for failed records; one without any expression gets the type of error and the time behind it.
 * @throws AwsError InvalidArgumentException
 */
export function compileErrorPrefix(prefix: string): Prefix {
  const whole = hasExpressions(prefix) ? prefix : `${prefix}!{${ERROR_TYPE}}/${DEFAULT_TIME}`;
  return compile(whole, (inner) => inner === ERROR_TYPE);
}

function compile(prefix: string, alsoKnown: (inner: string) => boolean): Prefix {
  const parts: Prefix[] = [];
  let end = 0;
  let randoms = 0;
  for (const match of prefix.matchAll(EXPRESSION)) {
    const [whole, inner = ""] = match;
    const literal = prefix.slice(end, match.index);
    end = match.index + whole.length;
    if (literal) parts.push(() => literal);
    if (inner.startsWith(TIMESTAMP)) parts.push(timestamp(inner.slice(TIMESTAMP.length), whole));
    else if (inner === RANDOM) {
      const index = randoms++;
      parts.push(({ random }) => random(index));
    } else if (!alsoKnown(inner))
      throw invalidArgument(`Invalid prefix: the expression ${whole} is not known here`);
    else if (inner === ERROR_TYPE) parts.push(({ errorOutputType }) => errorOutputType);
    else {
      const name = inner.slice(PARTITION_KEY.length);
      parts.push(({ partitionKeys }) => partitionKeys[name] ?? "");
    }
  }
  const rest = prefix.slice(end);
  if (rest.includes("!{")) throw invalidArgument("Invalid prefix: !{ without the } that ends it");
  if (rest) parts.push(() => rest);
  return (input) => parts.map((part) => part(input)).join("");
}

function timestamp(pattern: string, whole: string): Prefix {
  const format = compileDatePattern(pattern);
  if (!format) throw invalidArgument(`Invalid prefix: ${whole} has no date pattern that can be evaluated`);
  return ({ arrivedAt }) => format(arrivedAt);
}
