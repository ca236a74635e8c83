import { describe, expect, it } from "vitest";
import { canonicalJson, describeJsonFault, parseJson } from "../../../src/ingest/json.ts";

describe("canonical JSON", () => {
  it("is the same whatever order members came in", () => {
    expect(canonicalJson({ b: [{ y: 1, x: null }], a: "é" })).toBe('{"a":"é","b":[{"x":null,"y":1}]}');
    expect(canonicalJson({ a: "é", b: [{ x: null, y: 1 }] })).toBe('{"a":"é","b":[{"x":null,"y":1}]}');
  });

  it("keeps integers beyond 2^53 to the last digit", () => {
    const text = '{"at":"9007199254740993","n":9007199254740993,"small":12}';
    expect(canonicalJson(parseJson(text))).toBe(text);
  });

  it("refuses nesting that would end in a stack overflow", () => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 5_000; depth++) nested = [nested];
    expect(() => canonicalJson(nested)).toThrow(/deeper than 256/);
  });
});

describe("a fault in JSON", () => {
  it.each([
    ['{"a": 1,\n  "b": }', 'line 2 column 8: unexpected "}"'],
    ['{"type":"track","na', "line 1 column 20: it ends too early"],
    ["[1, 2", "line 1 column 6: it ends too early"],
    ['{"a":"line\nbreak"}', 'line 1 column 11: unexpected "\\n"'],
    ["not json", 'line 1 column 1: unexpected "n"'],
    ['{"a":1}}', 'line 1 column 8: unexpected "}"'],
    ['{"a":01}', 'line 1 column 6: unexpected "0"'],
    ['["🌊", tru]', 'line 1 column 8: unexpected "t"'],
    ["[1,]", 'line 1 column 4: unexpected "]"'],
  ])("of %j is named with line and column", (text, fault) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(describeJsonFault(text)).toBe(`is not JSON at ${fault}`);
  });
});
