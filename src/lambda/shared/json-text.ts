import { isAscii, isUtf8 } from "node:buffer";
import { PermanentFault } from "./faults.ts";

/**
 * Decodes UTF-8, strictly. A byte order mark at the start is taken off.
 * @throws PermanentFault INVALID_UTF8
 */
export function decodeUtf8(bytes: Buffer): string {
  // One byte a character is what V8 parses fastest.
  if (isAscii(bytes)) return bytes.toString("latin1");
  if (!isUtf8(bytes)) throw new PermanentFault("INVALID_UTF8", "The text is not valid UTF-8.");
  const text = bytes.toString("utf8");
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/**
 * Parses JSON. Integers beyond 2^53 lose digits; use {@link parseExactJson} once one has been seen.
 * @throws PermanentFault NOT_JSON, TRUNCATED_JSON, INVALID_UTF8 (`\ud800` without its pair)
 */
export function parseJson(text: string): unknown {
  return parse(text, SURROGATE_ESCAPE.test(text) ? refuseLoneSurrogates : undefined);
}

/**
 * Parses JSON with every integer beyond 2^53 as a bigint. `JSON.parse` shows a number's source text from
 * Node 22 on only, so the long ones are put in quotes first. Several times slower than {@link parseJson}.
 * @throws PermanentFault as {@link parseJson}
 */
export function parseExactJson(text: string): unknown {
  const quoted = text.replace(STRING_OR_NUMBER, (token) =>
    LONG_INTEGER.test(token) ? `"${ESCAPED_MARK}${token}"` : token,
  );
  return parse(quoted, (key, value) => {
    if (typeof value !== "string") return value;
    if (!value.startsWith(MARK)) return refuseLoneSurrogates(key, value);
    const integer = BigInt(value.slice(MARK.length));
    return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
  });
}

/** JSON text of a value that may hold bigints. */
export function stringifyExact(value: unknown): string {
  const text = JSON.stringify(value, (_key, member) =>
    typeof member === "bigint" ? `${MARK}${member}` : member,
  );
  return text.replace(QUOTED_INTEGER, "$1");
}

/** Whether a parsed value holds an integer that `JSON.parse` may have rounded. */
export function holdsInexactInteger(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(holdsInexactInteger);
}

const MARK = "\0int64:";
const ESCAPED_MARK = "\\u0000int64:";
const QUOTED_INTEGER = /"\\u0000int64:(-?\d+)"/g;
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
const LONG_INTEGER = /^-?\d{16,}$/;
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

type Reviver = (key: string, value: unknown) => unknown;

function refuseLoneSurrogates(key: string, value: unknown): unknown {
  if (typeof value !== "string" || WELL_FORMED(value)) return value;
  throw new PermanentFault("INVALID_UTF8", `The value of "${key}" has a surrogate without its pair.`);
}

const WELL_FORMED = (text: string): boolean => !/\p{Surrogate}/u.test(text);

function parse(text: string, reviver?: Reviver): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch (error) {
    if (error instanceof PermanentFault) throw error;
    const message = (error as Error).message;
    if (endsEarly(text, message)) {
      throw new PermanentFault("TRUNCATED_JSON", `The JSON ends too early, after ${text.length} characters.`);
    }
    throw new PermanentFault("NOT_JSON", `Not JSON: ${message}`);
  }
}

/** V8 names the position of the fault; at the end of the text, the text is what stops too early. */
function endsEarly(text: string, message: string): boolean {
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined
    ? /end of JSON input|Unterminated/.test(message)
    : Number(position) >= text.trimEnd().length;
}
