import { Rejection } from "./rejection.ts";

/** Levels of objects and lists in an event, itself included. */
const MAX_DEPTH = 32;
const PASSWORD = /^password$/i;

/**
 * A copy of a parsed event without passwords, at whatever depth: the Fake Store's users carry them in plain text, and
 * a stream is no place for them.
 * @throws Rejection for what JSON can hold, but what comes after it can't keep: deep nesting, numbers that lost digits
 *   or are infinite, half characters, the key `__proto__`
 */
export function clean(value: unknown, path = "", depth = 1): unknown {
  if (typeof value === "number") return exact(value, path);
  if (typeof value === "string") return wellFormed(value, path);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw new Rejection(path, `Invalid nesting: Expected at most ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item, index) => clean(item, `${path}[${index}]`, depth + 1));
  const kept = Object.entries(value).filter(([key]) => !PASSWORD.test(key));
  return Object.fromEntries(
    kept.map(([key, member]) => {
      const memberPath = path === "" ? key : `${path}.${key}`;
      if (key === "__proto__") throw new Rejection(memberPath, "Invalid key: __proto__ can't be kept");
      return [wellFormed(key, memberPath), clean(member, memberPath, depth + 1)];
    }),
  );
}

function exact(value: number, path: string): number {
  if (!Number.isFinite(value))
    throw new Rejection(path, "Invalid number: Expected one of at most 1.8e308 in size");
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new Rejection(
      path,
      "Invalid number: Expected an integer of at most 2^53 - 1 in size, which is kept exactly",
    );
  }
  return value;
}

function wellFormed(value: string, path: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new Rejection(path, "Invalid text: Half of a surrogate pair");
  return value;
}
