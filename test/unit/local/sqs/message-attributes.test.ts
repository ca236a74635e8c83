import { describe, expect, it } from "vitest";
import {
  attributesMd5,
  readMessageAttributes,
  selectAttributes,
} from "../../../../src/local/sqs/message-attributes.ts";

const read = (attributes: object) =>
  readMessageAttributes({ MessageAttributes: attributes }, "MessageAttributes");
const text = (StringValue: string) => ({ DataType: "String", StringValue });

describe("message attributes", () => {
  it("have the MD5 that SDKs compute: length-prefixed names, types and values in the order of names", () => {
    // From another implementation (Python's hashlib and struct).
    const digest = "ac23a4a4a7cf6af52a7cc89533f7689c";
    const bytes = { DataType: "Binary", BinaryValue: Buffer.of(0, 255).toString("base64") };
    expect(attributesMd5({ a: text("1"), b: bytes })).toBe(digest);
    expect(attributesMd5({ b: bytes, a: text("1") })).toBe(digest);
    expect(attributesMd5({})).toBeUndefined();
  });

  it("are chosen by name, by prefix or all", () => {
    const attributes = { "a.x": text("1"), "a.y": text("2"), b: text("3") };
    expect(Object.keys(selectAttributes(attributes, ["a.*"]))).toEqual(["a.x", "a.y"]);
    expect(Object.keys(selectAttributes(attributes, ["b"]))).toEqual(["b"]);
    expect(selectAttributes(attributes, ["All"])).toEqual(attributes);
    expect(selectAttributes(attributes, [])).toEqual({});
  });

  it.each([
    ["a reserved name", { "AWS.x": text("1") }, "name 'AWS.x' is invalid"],
    ["a name that ends with a dot", { "x.": text("1") }, "name 'x.' is invalid"],
    ["no type", { x: { StringValue: "1" } }, "non-empty message attribute type"],
    ["an unknown type", { x: { DataType: "Text", StringValue: "1" } }, "invalid message attribute type"],
    ["an empty value", { x: { DataType: "String", StringValue: "" } }, "non-empty message attribute value"],
    ["a number that is none", { x: { DataType: "Number", StringValue: "one" } }, "to a number"],
    [
      "eleven attributes",
      Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`a${n}`, text("1")])),
      "exceeds the allowed maximum [10]",
    ],
  ])("are refused with %s", (_what, attributes, reason) => {
    expect(() => read(attributes)).toThrow(reason);
  });
});
