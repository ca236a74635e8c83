import { describe, expect, it } from "vitest";
import { compileDatePattern } from "../../../../src/local/firehose/date-pattern.ts";
import { compileErrorPrefix, compilePrefix } from "../../../../src/local/firehose/prefix.ts";

const AT = Date.UTC(2026, 1, 3, 4, 5, 6, 78);

describe("a date pattern", () => {
  it.each([
    ["yyyy", "2026"],
    ["yy", "26"],
    ["yyyy/MM/dd/HH", "2026/02/03/04"],
    ["yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "2026-02-03T04:05:06.078Z"],
    ["M/d/H", "2/3/4"],
    ["MMM MMMM EEE EEEE", "Feb February Tue Tuesday"],
    ["'dt='yyyyMMdd", "dt=20260203"],
    ["DDD", "034"],
    ["hh a", "04 AM"],
    ["''", "'"],
    ["'it''s'", "it's"],
    ["S", "0"],
    ["SSSSSS", "078000"],
  ])("%s is %s", (pattern, text) => expect(compileDatePattern(pattern)?.(AT)).toBe(text));

  it("counts midnight and noon as each letter does", () => {
    const at = (hour: number) => compileDatePattern("H k K h a")?.(Date.UTC(2026, 0, 1, hour));
    expect([at(0), at(12), at(23)]).toEqual(["0 24 0 12 AM", "12 12 0 12 PM", "23 23 11 11 PM"]);
  });

  it.each(["", "YYYY", "ww", "VV", "ddd", "HHH", "[yyyy]", "yyyy'", "yyyy#", "{", "constructor"])(
    "%j is none that is served",
    (pattern) => expect(compileDatePattern(pattern)).toBeUndefined(),
  );
});

describe("a prefix", () => {
  const input = {
    arrivedAt: AT,
    partitionKeys: { type: "cart", id: "7" },
    errorOutputType: "metadata-extraction-failed",
    random: (index: number) => `r${index}`,
  };

  it.each([
    ["", "2026/02/03/04/"],
    ["raw/", "raw/2026/02/03/04/"],
    ["y=!{timestamp:yyyy}/", "y=2026/"],
    ["!{partitionKeyFromQuery:type}/!{partitionKeyFromQuery:id}/!{timestamp:HH}", "cart/7/04"],
    ["!{firehose:random-string}-!{firehose:random-string}/!{timestamp:dd}/", "r0-r1/03/"],
    ["a}b{/!{timestamp:yyyy}", "a}b{/2026"],
  ])("%s becomes %s", (prefix, text) => expect(compilePrefix(prefix)(input)).toBe(text));

  it.each([
    ["", "metadata-extraction-failed/2026/02/03/04/"],
    ["bad/", "bad/metadata-extraction-failed/2026/02/03/04/"],
    ["bad/!{firehose:error-output-type}/", "bad/metadata-extraction-failed/"],
  ])("%s for failed records becomes %s", (prefix, text) => {
    expect(compileErrorPrefix(prefix)(input)).toBe(text);
  });

  it.each([
    "!{firehose:error-output-type}/",
    "!{x}/",
    "!{timestamp:}/",
    "!{timestamp:yyyy",
    "!{partitionKeyFromLambda:a}",
  ])("%s is refused", (prefix) => expect(() => compilePrefix(prefix)).toThrow(/Invalid prefix/));
});
