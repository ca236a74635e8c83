import { describe, expect, it } from "vitest";
import { parseMoment } from "../../../src/tail/time.ts";

const NOW = Date.UTC(2026, 0, 31, 14, 0, 0);
const iso = (text: string) => new Date(parseMoment(text, "--since", NOW).at).toISOString();

describe("a time given by the user", () => {
  it.each([
    ["5m", "2026-01-31T13:55:00.000Z"],
    ["90s", "2026-01-31T13:58:30.000Z"],
    ["1h30m", "2026-01-31T12:30:00.000Z"],
    ["2h ago", "2026-01-31T12:00:00.000Z"],
    ["1 day 2 hours ago", "2026-01-30T12:00:00.000Z"],
    ["0.5h", "2026-01-31T13:30:00.000Z"],
    ["1w", "2026-01-24T14:00:00.000Z"],
    ["now", "2026-01-31T14:00:00.000Z"],
  ])("counts %s back from now", (text, expected) => {
    expect(iso(text)).toBe(expected);
    expect(parseMoment(text, "--since", NOW).relative).toBe(true);
  });

  it.each([
    ["2026-01-30", "2026-01-30T00:00:00.000Z"],
    ["2026-01-30T10:00", "2026-01-30T10:00:00.000Z"],
    ["2026-01-30 10:00:01.5", "2026-01-30T10:00:01.500Z"],
    ["2026-01-30T10:00:00Z", "2026-01-30T10:00:00.000Z"],
    ["2026-01-30T10:00:00+02:00", "2026-01-30T08:00:00.000Z"],
    ["13:05", "2026-01-31T13:05:00.000Z"],
    ["13:05:09.123", "2026-01-31T13:05:09.123Z"],
    // Later today has not been: it was yesterday.
    ["23:00", "2026-01-30T23:00:00.000Z"],
  ])("reads %s as a point in time, in UTC", (text, expected) => {
    expect(iso(text)).toBe(expected);
    expect(parseMoment(text, "--since", NOW).relative).toBe(false);
  });

  it.each([
    "",
    "soon",
    "5",
    "5x",
    "5m later",
    "-5m",
    "25:00",
    "2026-02-31",
    "2026-13-01",
    "31.01.2026",
    "99999999999w",
  ])("refuses %j with examples", (text) => {
    expect(() => parseMoment(text, "--until", NOW)).toThrow(`--until ${JSON.stringify(text)} is not a time.`);
  });
});
