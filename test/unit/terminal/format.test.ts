import { describe, expect, it } from "vitest";
import { formatAge, formatBytes } from "../../../src/terminal/format.ts";

describe("formatting for people", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.0 KB"],
    [1_450_000, "1.4 MB"],
    [3_000_000_000, "3.0 GB"],
  ])("writes %d bytes as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [42.4, "42s"],
    [60, "1m"],
    [7_200, "2h"],
    [200_000, "2d"],
  ])("writes an age of %d seconds as %s", (seconds, text) => {
    expect(formatAge(seconds)).toBe(text);
  });

  it("keeps what is unknown unknown", () => {
    expect([formatAge(null), formatBytes(null)]).toEqual([null, null]);
  });
});
