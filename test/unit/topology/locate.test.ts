import { describe, expect, it } from "vitest";
import { formatPath } from "../../../src/topology/faults.ts";
import { locate } from "../../../src/topology/locate.ts";

describe("the places in a JSON text", () => {
  it("has the line of every value, through strings that look like structure", () => {
    const { lines, duplicates } = locate(`{
  "a": "{[,]}: \\"",
  "b": [
    1,
    { "c": null }
  ],
  "d": { "e":
    true, "f": [], "g": {} }
}`);
    expect(Object.fromEntries(lines)).toEqual({
      "(root)": 1,
      a: 2,
      b: 3,
      "b[0]": 4,
      "b[1]": 5,
      "b[1].c": 5,
      d: 7,
      "d.e": 7,
      "d.f": 8,
      "d.f[0]": undefined,
      "d.g": 8,
    });
    expect(duplicates).toEqual([]);
  });

  it("names keys given twice in one object, and only there", () => {
    const { duplicates } = locate(
      '{"a": {"x": 1, "y": {"x": 2}, "x": 3}, "b": [{"x": 1}, {"x": 1}], "a": 0}',
    );
    expect(duplicates.map(formatPath)).toEqual(["a.x", "a"]);
  });
});
