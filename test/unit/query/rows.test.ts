import { expect, it } from "vitest";
import { csvLines, distinctColumns, rowObjects } from "../../../src/query/rows.ts";

it("rows become objects, with a name of its own for each column", () => {
  const columns = distinctColumns([{ name: "a" }, { name: "a" }, { name: "a_2" }]);
  expect(columns.map(({ name }) => name)).toEqual(["a", "a_2", "a_2_2"]);
  expect(rowObjects(columns, [[1, null, "x"]])).toEqual([{ a: 1, a_2: null, a_2_2: "x" }]);
});

it("CSV quotes what needs it, and tells NULL from an empty text", () => {
  const columns = [{ name: "a" }, { name: "b,c" }];
  const rows = [
    { a: 'say "x"', "b,c": null },
    { a: "", "b,c": true },
    { a: "1\n2", "b,c": 1.5 },
  ];
  expect([...csvLines(columns, rows)].join("")).toBe('a,"b,c"\n"say ""x""",\n"",true\n"1\n2",1.5\n');
});
