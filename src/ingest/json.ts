import { holdsInexactInteger, parseExactJson } from "../lambda/shared/json-text.ts";
import { jsonFaultOffset } from "./json-position.ts";

/** Nesting beyond this is refused: no source has it, and recursion must end. */
const MAX_DEPTH = 256;

/** As many digits as an integer has to have to be beyond 2^53. */
const LONG_DIGITS = /\d{16}/;

/**
 * Parses JSON; integers beyond 2^53 come back as bigint, not rounded.
 * @throws SyntaxError as JSON.parse does, with the position in the text.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return LONG_DIGITS.test(text) && holdsInexactInteger(value) ? parseExactJson(text) : value;
}

/**
 * JSON with the members of every object in code unit order and no spaces: equal values give equal bytes,
 * whatever order the source sent them in.
 * @throws RangeError when the value is nested deeper than 256 levels.
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`);
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(",")}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member, depth + 1)}`);
  }
  return `{${members.join(",")}}`;
}

/** What is wrong with a text that is not JSON, and where: line and column, both from 1. */
export function describeJsonFault(text: string, firstLine = 1): string {
  const offset = jsonFaultOffset(text) ?? text.length;
  const before = text.slice(0, offset);
  const line = firstLine + before.split("\n").length - 1;
  const column = offset - before.lastIndexOf("\n");
  const what =
    offset >= text.trimEnd().length ? "it ends too early" : `unexpected ${describeCharacter(text, offset)}`;
  return `is not JSON at line ${line} column ${column}: ${what}`;
}

function describeCharacter(text: string, offset: number): string {
  return JSON.stringify(String.fromCodePoint(text.codePointAt(offset) ?? 0));
}
