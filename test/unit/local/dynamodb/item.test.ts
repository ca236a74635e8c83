import { describe, expect, it } from "vitest";
import { type Item, readItem } from "../../../../src/local/dynamodb/item/attribute-value.ts";
import {
  add,
  canonicalNumber,
  compareNumbers,
  orderedNumber,
  subtract,
} from "../../../../src/local/dynamodb/item/number.ts";
import { itemBytes } from "../../../../src/local/dynamodb/item/size.ts";

describe("a number", () => {
  it.each([
    ["007", "7"],
    ["-0", "0"],
    ["+1.50", "1.5"],
    ["1E3", "1000"],
    [".5", "0.5"],
    ["1e-3", "0.001"],
    ["99999999999999999999999999999999999999", "99999999999999999999999999999999999999"],
  ])("%s is kept as %s", (given, kept) => expect(canonicalNumber(given)).toBe(kept));

  it.each(["", " 1", "1a", "0x1", "NaN", "Infinity", "1e", "--1"])("%j is none", (given) =>
    expect(() => canonicalNumber(given)).toThrow("cannot be converted to a numeric value"),
  );

  it.each(["1e126", "-1e126", "1e-131"])("%s is out of range", (given) =>
    expect(() => canonicalNumber(given)).toThrow(/Number (over|under)flow/),
  );

  it("is added and subtracted exactly", () => {
    expect(add("0.1", "0.2")).toBe("0.3");
    expect(subtract("62.3", "62.29")).toBe("0.01");
    expect(add("9007199254740993", "1")).toBe("9007199254740994");
    expect(() => add("1e30", "1e-30")).toThrow("more than 38 significant digits");
  });

  it("has a text that sorts as the number does", () => {
    const digits = ["1", "12", "125", "13", "2", "9", "99"];
    const scaled = digits.flatMap((one) =>
      [0, 3, 12, 125, -1, -7, -130].map((e) => `${one}e${e - (e > 120 ? 2 : 0)}`),
    );
    const numbers = [...scaled, "0"].flatMap((one) => [canonicalNumber(one), canonicalNumber(`-${one}`)]);
    const byValue = [...new Set(numbers)].sort(compareNumbers);
    const byText = [...new Set(numbers)].sort((a, b) => (orderedNumber(a) < orderedNumber(b) ? -1 : 1));
    expect(byText).toEqual(byValue);
  });
});

describe("an item", () => {
  it("has the size that DynamoDB bills", () => {
    const sizes: [Item, number][] = [
      [{ id: { S: "ü" } }, 4],
      [{ n: { N: "123" } }, 4],
      [{ n: { N: "-0.5" } }, 4],
      [{ b: { B: "AQID" } }, 4],
      [{ t: { BOOL: true } }, 2],
      [{ l: { L: [{ S: "ab" }] } }, 7],
      [{ m: { M: { a: { S: "b" } } } }, 7],
      [{ s: { SS: ["ab", "c"] } }, 4],
    ];
    for (const [item, bytes] of sizes) expect(itemBytes(item), JSON.stringify(item)).toBe(bytes);
  });

  it("may have attributes named as JavaScript's own members", () => {
    const item = readItem(JSON.parse('{"__proto__":{"S":"a"},"constructor":{"S":"b"}}'));
    expect(Object.keys(item)).toEqual(["__proto__", "constructor"]);
  });

  it.each([
    [{ a: {} }, "Supplied AttributeValue is empty"],
    [{ a: { X: "1" } }, "Supplied AttributeValue is empty"],
    [{ a: { S: "1", N: "1" } }, "more than one datatypes set"],
    [{ a: { NULL: false } }, "Null attribute value types must have the value of true"],
    [{ a: { N: 1 } }, "can not be converted to an String"],
    [{ a: { B: "a" } }, "Invalid base64"],
    [{ a: nested(40) }, "Nesting Levels have exceeded supported limits"],
  ])("%j is refused", (item, message) => expect(() => readItem(item)).toThrow(message));
});

function nested(levels: number): object {
  return levels === 0 ? { S: "deep" } : { L: [nested(levels - 1)] };
}
