import { describe, expect, it } from "vitest";
import { checkInput, inputFor } from "../../../../src/local/events/input.ts";
import type { BusEvent } from "../../../../src/local/service.ts";

const event: BusEvent = {
  version: "0",
  id: "e1",
  "detail-type": "Object Created",
  source: "aws.s3",
  account: "000000000000",
  time: "2026-01-01T00:00:00Z",
  region: "us-east-1",
  resources: ["arn:aws:s3:::bronze"],
  detail: { bucket: { name: 'the "b"' }, size: 7, list: [{ id: 1 }, { id: 2 }] },
};
const rule = { arn: "arn:rule", name: "landed" };
const transformed = (pathsMap: Record<string, string>, template: string) =>
  inputFor(event, { inputTransformer: { pathsMap, template } }, rule);

describe("a target's input", () => {
  it("is the whole event unless something else is said", () => {
    expect(JSON.parse(inputFor(event, {}, rule))).toEqual(event);
  });

  it("can be a constant or a part of the event", () => {
    expect(inputFor(event, { input: '{"a": 1}' }, rule)).toBe('{"a": 1}');
    expect(inputFor(event, { inputPath: "$.detail.bucket" }, rule)).toBe('{"name":"the \\"b\\""}');
    expect(inputFor(event, { inputPath: "$.detail.list[1].id" }, rule)).toBe("2");
    expect(inputFor(event, { inputPath: "$.detail.list[*].id" }, rule)).toBe("[1,2]");
    expect(inputFor(event, { inputPath: "$['detail-type']" }, rule)).toBe('"Object Created"');
  });

  it("fills a template: quoted values as text, bare ones as JSON", () => {
    const paths = { bucket: "$.detail.bucket.name", size: "$.detail.size", none: "$.detail.none" };
    expect(JSON.parse(transformed(paths, '{"b": <bucket>, "s": <size>, "n": <none>}'))).toEqual({
      b: 'the "b"',
      s: 7,
      n: null,
    });
    expect(JSON.parse(transformed(paths, '"<size> bytes in <bucket> by <aws.events.rule-name>"'))).toBe(
      '7 bytes in the "b" by landed',
    );
  });

  it("can hold the whole event in a template", () => {
    expect(JSON.parse(transformed({}, '{"original": <aws.events.event.json>}'))).toEqual({ original: event });
  });

  it("is refused when two kinds are given or a path is none", () => {
    expect(() => checkInput({ input: "{}", inputPath: "$" })).toThrow("Only one of Input");
    expect(() => checkInput({ inputPath: "detail" })).toThrow("not a JSON path");
    expect(() => checkInput({ input: "{" })).toThrow("JSON syntax error");
  });
});
