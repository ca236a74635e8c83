import { FilterPatternError } from "./matcher.ts";

/** What a regular expression of a filter pattern may hold; parentheses and multi-byte characters it may not. */
const SUPPORTED = /^[A-Za-z0-9_#=@/;,:\- ^$?[\]{}|\\*+.]*$/;

/**
 * Compiles the inside of `%...%`.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#regex-expressions
 */
export function regularExpression(source: string): RegExp {
  if (source === "") throw new FilterPatternError("a regular expression between % and % is empty");
  if (!SUPPORTED.test(source)) {
    throw new FilterPatternError(`%${source}% holds a character that filter patterns don't support`);
  }
  try {
    return new RegExp(source);
  } catch (error) {
    throw new FilterPatternError(`%${source}%: ${(error as Error).message}`);
  }
}

/** Turns `*` wildcards into a test of the whole text; text without one is compared. */
export function wildcard(text: string): (value: string) => boolean {
  if (!text.includes("*")) return (value) => value === text;
  const parts = text.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join(".*")}$`, "s");
  return (value) => expression.test(value);
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** The number that a bare operand stands for, if it is one. */
export function numeric(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}
