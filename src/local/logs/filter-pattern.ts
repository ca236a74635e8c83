import { delimitedPattern } from "./filter-pattern/delimited.ts";
import { jsonPattern } from "./filter-pattern/json.ts";
import { FilterPatternError, type Matcher } from "./filter-pattern/matcher.ts";
import { termsPattern } from "./filter-pattern/terms.ts";

/** Longest filter pattern, in characters (FilterLogEvents, `filterPattern`). */
const MAX_PATTERN_LENGTH = 1024;

/**
 * Compiles a CloudWatch Logs filter pattern: terms, `{ JSON conditions }` or `[space-delimited fields]`; an
 * empty one matches everything. Matching is case-sensitive.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 * @throws FilterPatternError when the pattern is not valid; its message says where.
 */
export function filterPattern(pattern: string): Matcher {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new FilterPatternError(`it is longer than ${MAX_PATTERN_LENGTH} characters`);
  }
  const text = pattern.trim();
  if (text === "") return () => true;
  if (text.startsWith("{")) return jsonPattern(text);
  if (text.startsWith("[")) return delimitedPattern(text);
  return termsPattern(text);
}
