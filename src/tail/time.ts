import { UsageError } from "../errors.ts";

const UNIT_MS: Record<string, number> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const DAY_MS = 86_400_000;

/** `5m`, `1h30m`, `2h ago`, `3 days ago`. */
const AGE = /^((?:\d+(?:\.\d+)?\s*[a-z]+\s*)+?)(?:\bago)?$/i;
const PART = /(\d+(?:\.\d+)?)\s*([a-z]+)/gi;
const UNIT_WORD = /^(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)$/i;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,3})?)?$/;
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

/** A point in time as the user gave it. */
export interface Moment {
  /** Milliseconds since the epoch. */
  at: number;
  /** It counts back from now, so it moves with the clock that now is read from. */
  relative: boolean;
}

/**
 * Reads a time: an age (`5m`, `1h30m`, `2h ago`), ISO 8601 (UTC without an offset), a time of day in UTC within
 * the last 24 hours (`14:05:30`), or `now`.
 * @param now milliseconds since the epoch
 * @throws UsageError naming the flag, with examples
 */
export function parseMoment(text: string, flag: string, now: number): Moment {
  const words = text.trim();
  if (/^now$/i.test(words)) return { at: now, relative: true };
  const age = parseAge(words);
  if (age !== undefined) return { at: now - age, relative: true };
  const at = parseClock(words, now) ?? parseIso(words);
  if (at !== undefined) return { at, relative: false };
  throw new UsageError(`${flag} ${JSON.stringify(text)} is not a time.`, {
    hint: `Give an age (5m, 1h30m, "2h ago"), a time of day in UTC (14:05:30), or ISO 8601 (2026-01-31T14:05:30Z).`,
  });
}

function parseAge(words: string): number | undefined {
  if (!AGE.test(words)) return undefined;
  let total = 0;
  for (const [, amount = "", unit = ""] of words.replace(/\bago$/i, "").matchAll(PART)) {
    if (!UNIT_WORD.test(unit)) return undefined;
    total += Number(amount) * (UNIT_MS[unit[0]?.toLowerCase() ?? ""] ?? Number.NaN);
  }
  return Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined;
}

function parseClock(words: string, now: number): number | undefined {
  const match = CLOCK.exec(words);
  if (!match) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1, 4).map((part) => Number(part ?? 0));
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const midnight = now - (now % DAY_MS);
  const at =
    midnight +
    hours * 3_600_000 +
    minutes * 60_000 +
    seconds * 1_000 +
    Math.round(Number(match[4] ?? 0) * 1_000);
  return at > now ? at - DAY_MS : at;
}

function parseIso(words: string): number | undefined {
  const match = ISO.exec(words);
  if (!match) return undefined;
  const [, day = "", time = "00:00", zone = "Z"] = match;
  const at = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(at)) return undefined;
  // Date.parse takes 31 February as 3 March.
  return new Date(`${day}T00:00Z`).toISOString().startsWith(day) ? at : undefined;
}
