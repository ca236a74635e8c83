import { describe, expect, it } from "vitest";
import { compileEventPattern } from "../../../../src/local/events/pattern.ts";
import type { AwsError } from "../../../../src/local/service.ts";

const matches = (pattern: object, event: object) => compileEventPattern(JSON.stringify(pattern))(event);

function reason(pattern: unknown): string {
  try {
    compileEventPattern(typeof pattern === "string" ? pattern : JSON.stringify(pattern));
  } catch (error) {
    expect((error as AwsError).code).toBe("InvalidEventPatternException");
    return (error as AwsError).message;
  }
  throw new Error("the pattern was taken");
}

describe("an event pattern", () => {
  const s3 = {
    source: "aws.s3",
    "detail-type": "Object Created",
    resources: ["arn:aws:s3:::bronze", "arn:aws:s3:::other"],
    detail: {
      bucket: { name: "bronze" },
      object: { key: "raw/tracks/1.json", size: 3000, "version-id": null },
      ip: "10.0.0.7",
      items: [
        { sku: "a", quantity: 1 },
        { sku: "b", quantity: 9 },
      ],
      tags: [],
      flag: false,
    },
  };

  it.each([
    ["an equal text", { source: ["aws.s3"] }, true],
    ["another text", { source: ["aws.ec2"] }, false],
    ["one of several", { source: ["aws.ec2", "aws.s3"] }, true],
    ["null", { detail: { object: { "version-id": [null] } } }, true],
    ["null where something is", { detail: { object: { key: [null] } } }, false],
    ["false", { detail: { flag: [false] } }, true],
    ["an equal number", { detail: { object: { size: [3000] } } }, true],
    ["a number's text", { detail: { object: { size: ["3000"] } } }, false],
    ["any element of the event's array", { resources: ["arn:aws:s3:::other"] }, true],
    ["prefix", { detail: { object: { key: [{ prefix: "raw/" }] } } }, true],
    ["prefix of another case", { detail: { object: { key: [{ prefix: "RAW/" }] } } }, false],
    [
      "prefix without case",
      { detail: { object: { key: [{ prefix: { "equals-ignore-case": "RAW/" } }] } } },
      true,
    ],
    ["suffix", { detail: { object: { key: [{ suffix: ".json" }] } } }, true],
    [
      "suffix without case",
      { detail: { object: { key: [{ suffix: { "equals-ignore-case": ".JSON" } }] } } },
      true,
    ],
    ["equals-ignore-case", { source: [{ "equals-ignore-case": "AWS.S3" }] }, true],
    ["wildcard", { detail: { object: { key: [{ wildcard: "raw/*/*.json" }] } } }, true],
    ["wildcard that ends elsewhere", { detail: { object: { key: [{ wildcard: "raw/*.csv" }] } } }, false],
    ["wildcard's dot as a dot", { detail: { object: { key: [{ wildcard: "raw/*1xjson" }] } } }, false],
    ["anything-but one", { source: [{ "anything-but": "aws.ec2" }] }, true],
    ["anything-but a list with it", { source: [{ "anything-but": ["aws.ec2", "aws.s3"] }] }, false],
    ["anything-but a number", { detail: { object: { size: [{ "anything-but": [3000, 1] }] } } }, false],
    ["anything-but a prefix", { source: [{ "anything-but": { prefix: "aws." } }] }, false],
    ["anything-but prefixes", { source: [{ "anything-but": { prefix: ["x.", "y."] } }] }, true],
    ["anything-but a suffix", { source: [{ "anything-but": { suffix: ".s3" } }] }, false],
    [
      "anything-but without case",
      { source: [{ "anything-but": { "equals-ignore-case": ["AWS.S3"] } }] },
      false,
    ],
    ["anything-but a wildcard", { source: [{ "anything-but": { wildcard: "*.s*" } }] }, false],
    ["anything-but of what is not there", { detail: { missing: [{ "anything-but": "x" }] } }, false],
    ["numeric equal", { detail: { object: { size: [{ numeric: ["=", 3000] }] } } }, true],
    ["numeric range", { detail: { object: { size: [{ numeric: [">", 0, "<=", 3000] }] } } }, true],
    [
      "numeric below the range",
      { detail: { object: { size: [{ numeric: [">", 3000, "<", 4000] }] } } },
      false,
    ],
    ["exists", { detail: { object: { key: [{ exists: true }] } } }, true],
    ["exists of null", { detail: { object: { "version-id": [{ exists: true }] } } }, true],
    ["exists of an object, which is no leaf", { detail: { object: [{ exists: true }] } }, false],
    ["exists false of what is not there", { detail: { gone: [{ exists: false }] } }, true],
    ["exists false of what is there", { detail: { flag: [{ exists: false }] } }, false],
    ["exists false below what is not there", { detail: { gone: { deep: [{ exists: false }] } } }, true],
    ["exists false of an empty array", { detail: { tags: [{ exists: false }] } }, true],
    ["cidr", { detail: { ip: [{ cidr: "10.0.0.0/24" }] } }, true],
    ["cidr of another net", { detail: { ip: [{ cidr: "10.0.1.0/24" }] } }, false],
    ["cidr of the other family", { detail: { ip: [{ cidr: "::/0" }] } }, false],
    ["$or, second choice", { $or: [{ source: ["x"] }, { detail: { flag: [false] } }] }, true],
    [
      "$or beside a field",
      { source: ["x"], $or: [{ source: ["aws.s3"] }, { detail: { flag: [false] } }] },
      false,
    ],
    ["$or without a match", { $or: [{ source: ["x"] }, { detail: { flag: [true] } }] }, false],
    ["fields of one element of an array", { detail: { items: { sku: ["a"], quantity: [1] } } }, true],
    ["fields of different elements of an array", { detail: { items: { sku: ["a"], quantity: [9] } } }, false],
    ["all fields at once", { source: ["aws.s3"], detail: { bucket: { name: ["silver"] } } }, false],
  ])("asks for %s", (_what, pattern, expected) => {
    expect(matches(pattern, s3)).toBe(expected);
  });

  it("takes an escaped star in a wildcard as a star", () => {
    expect(matches({ a: [{ wildcard: "1\\*2" }] }, { a: "1*2" })).toBe(true);
    expect(matches({ a: [{ wildcard: "1\\*2" }] }, { a: "1x2" })).toBe(false);
  });

  it.each([
    ["no JSON", "{", "Invalid JSON"],
    ["no object", [], "Filter is not an object"],
    ["nothing", {}, "Empty objects are not allowed"],
    ["an empty array", { source: [] }, 'Empty arrays are not allowed at "source"'],
    ["a bare value", { detail: { name: "x" } }, '"detail.name" must be an object or an array'],
    ["an unknown operator", { a: [{ infix: "x" }] }, "Unrecognized match type infix"],
    ["two operators in one", { a: [{ prefix: "x", suffix: "y" }] }, "Only one key allowed"],
    ["exists with a text", { a: [{ exists: "true" }] }, "exists match pattern must be either true or false"],
    ["a prefix that is no text", { a: [{ prefix: 5 }] }, "prefix match pattern must be a string"],
    [
      "numeric with an unknown comparison",
      { a: [{ numeric: ["!=", 5] }] },
      "Unrecognized numeric range operator",
    ],
    ["numeric with a text", { a: [{ numeric: ["=", "5"] }] }, "must be a number"],
    ["a numeric range upside down", { a: [{ numeric: [">", 5, "<", 1] }] }, "Bottom must be less than top"],
    ["two stars", { a: [{ wildcard: "a**b" }] }, "Consecutive wildcard"],
    ["a bad escape", { a: [{ wildcard: "a\\b" }] }, "Invalid escape"],
    ["no CIDR", { a: [{ cidr: "10.0.0.0" }] }, "Malformed CIDR"],
    ["$or of one", { $or: [{ a: [1] }] }, '"$or" must be an array of at least two objects'],
    ["anything-but null", { a: [{ "anything-but": [null] }] }, "must be a string or a number"],
    ["more than 4,096 characters", { a: ["x".repeat(4_096)] }, "at most 4096 characters"],
  ])("is refused with %s", (_what, pattern, expected) => {
    expect(reason(pattern)).toContain("Event pattern is not valid. Reason: ");
    expect(reason(pattern)).toContain(expected);
  });
});
