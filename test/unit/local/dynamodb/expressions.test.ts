import { describe, expect, it } from "vitest";
import { applyUpdate } from "../../../../src/local/dynamodb/expressions/apply-update.ts";
import { parseCondition } from "../../../../src/local/dynamodb/expressions/condition.ts";
import { holds } from "../../../../src/local/dynamodb/expressions/evaluate.ts";
import { project } from "../../../../src/local/dynamodb/expressions/paths.ts";
import { Placeholders } from "../../../../src/local/dynamodb/expressions/placeholders.ts";
import { parseProjection } from "../../../../src/local/dynamodb/expressions/projection.ts";
import { parseUpdate } from "../../../../src/local/dynamodb/expressions/update.ts";
import type { AttributeValue, Item } from "../../../../src/local/dynamodb/item/attribute-value.ts";

const VALUES: Item = {
  ":one": { N: "1" },
  ":two": { N: "2" },
  ":a": { S: "a" },
  ":b": { S: "b" },
  ":bytes": { B: "AQI=" },
  ":set": { SS: ["b", "a"] },
  ":list": { L: [{ S: "z" }] },
  ":yes": { BOOL: true },
  ":wrong": { S: "WRONG" },
};

/** Placeholders for every value that the expression names. */
function placeholders(expression: string, names?: Record<string, string>): Placeholders {
  const used = expression.match(/:\w+/g) ?? [];
  const ExpressionAttributeValues =
    used.length > 0 ? Object.fromEntries(used.map((name) => [name, VALUES[name]])) : undefined;
  const input = { expression, ExpressionAttributeValues, ExpressionAttributeNames: names };
  return new Placeholders(input, ["expression"]);
}

const condition = (source: string, names?: Record<string, string>) =>
  parseCondition("ConditionExpression", source, placeholders(source, names));

const ITEM: Item = {
  id: { S: "1" },
  n: { N: "1.5" },
  word: { S: "banana" },
  blob: { B: "AQID" },
  tags: { SS: ["a", "b"] },
  list: { L: [{ S: "a" }, { N: "7" }] },
  tree: { M: { a: { M: { b: { N: "1" } } }, constructor: { S: "a" } } },
};

describe("a condition", () => {
  it.each([
    ["n = :one OR n > :one AND n > :two", false],
    ["(n = :one OR n > :one) AND NOT n > :two", true],
    ["NOT n = :one AND NOT n = :two", true],
    ["not n = :one and n between :one and :two", true],
    ["n IN (:two, :one)", false],
    ["tags = :set", true],
    ["contains(tags, :a) AND NOT contains(tags, :one)", true],
    ["begins_with(#blob, :bytes)", true],
    ["tree.a.b = :one AND attribute_exists(tree.a) AND attribute_not_exists(tree.a.c)", true],
    ["attribute_exists(tree.toString)", false],
    ["attribute_exists(toString)", false],
    ["#list[1] > :two AND attribute_not_exists(#list[2])", true],
    ["size(word) > size(#list)", true],
    ["size(n) = :one", false],
    ["n < :a", false],
    ["absent <> :a", true],
    ["absent = absent2", false],
  ])("%s is %s", (source, expected) => {
    const names = { "#blob": "blob", "#list": "list" };
    const used = Object.fromEntries(Object.entries(names).filter(([name]) => source.includes(name)));
    const parsed = condition(source, Object.keys(used).length > 0 ? used : undefined);
    expect(holds(parsed, ITEM)).toBe(expected);
  });

  it.each([
    ["", "The expression can not be empty;"],
    ["n =", 'Syntax error; token: "<EOF>", near: "="'],
    ["n = :one AND", 'Syntax error; token: "<EOF>", near: "AND"'],
    ["n ; :one", 'Syntax error; token: ";", near: "; :one"'],
    ["(n = :one", 'Syntax error; token: "<EOF>", near: ":one"'],
    ["n = :one :two", 'Syntax error; token: ":two", near: ":one :two"'],
    ["Status = :one", "Attribute name is a reserved keyword; reserved keyword: Status"],
    ["n = :none", "not defined; attribute value: :none"],
    ["#x = :one", "not defined; attribute name: #x"],
    ["nope(n)", "Invalid function name; function: nope"],
    ["size(n)", 'Syntax error; token: "<EOF>", near: ")"'],
    ["attribute_exists(:one)", "requires a document path; operator or function: attribute_exists"],
    ["begins_with(n)", "operator or function: begins_with, number of operands: 1"],
    ["begins_with(n, :one)", "operator or function: begins_with, operand type: N"],
    ["n > :yes", "operator: >, operand type: BOOL"],
    ["attribute_type(n, :wrong)", "Invalid attribute type name found; type: WRONG"],
    ["n BETWEEN :two AND :one", "requires upper bound to be greater than or equal to lower bound"],
    ["n BETWEEN :one AND :a", "requires same data type for lower and upper bounds"],
    ["n = n", "The first operand must be distinct from the remaining operands"],
  ])("%s is refused", (source, message) => {
    const defined = source.replace(":none", "").replace("#x", "");
    expect(() => parseCondition("ConditionExpression", source, placeholders(defined))).toThrow(message);
  });
});

it("An expression may have 300 operators in 4 KB", () => {
  expect(() => condition(`${"n=:one OR ".repeat(150)}n=:one`)).toThrow("too many operators");
  expect(() => condition("n = :one  ".repeat(500))).toThrow("exceeded the maximum allowed size");
});

describe("an update", () => {
  const apply = (source: string, item: Item = ITEM) =>
    applyUpdate(parseUpdate(source, placeholders(source)), item);

  it("reads every value from the item as it was, and leaves that as it is", () => {
    const before = structuredClone(ITEM);
    const after = apply(
      "SET n = n + :one, was = n, tree.a.c = tree.a REMOVE word ADD counted :two DELETE tags :set",
    );
    expect(after).toEqual({
      id: { S: "1" },
      n: { N: "2.5" },
      was: { N: "1.5" },
      counted: { N: "2" },
      blob: { B: "AQID" },
      list: ITEM.list,
      tree: {
        M: {
          a: { M: { b: { N: "1" }, c: { M: { b: { N: "1" } } } } },
          constructor: { S: "a" },
        },
      },
    });
    expect(ITEM).toEqual(before);
  });

  it("puts what lies behind a list's end in order, and removes by the indexes that were", () => {
    const item: Item = { l: { L: ["a", "b", "c", "d"].map((S): AttributeValue => ({ S })) } };
    const letters = ({ l }: Item) =>
      (l && "L" in l ? l.L.map((one) => ("S" in one ? one.S : "")) : []).join("");
    expect(letters(apply("SET l[9] = :b, l[8] = :a", item))).toBe("abcdab");
    expect(letters(apply("REMOVE l[1], l[3]", item))).toBe("ac");
    expect(letters(apply("SET l = list_append(:list, l)", item))).toBe("zabcd");
  });

  it.each([
    ["SET", 'Syntax error; token: "<EOF>"'],
    ["n = :one", 'Syntax error; token: "n"'],
    ["SET n = :one SET id = :a", 'The "SET" section can only be used once'],
    ["SET n = :one, n.a = :a", "Two document paths overlap with each other"],
    ["SET tree.a = :a, tree[0] = :b", "Two document paths conflict with each other"],
    ["SET n = n + :a", "operator: +, operand type: STRING"],
    ["SET n = list_append(n, :one)", "operator or function: list_append, operand type: NUMBER"],
    ["SET n = contains(n, :one)", "Invalid function name; function: contains"],
    ["ADD n :list", "operator: ADD, operand type: LIST"],
    ["DELETE n :one", "operator: DELETE, operand type: NUMBER"],
    ["ADD n n", 'Syntax error; token: "n"'],
    ["SET word = word + :one", "An operand in the update expression has an incorrect data type"],
    ["SET n = absent", "refers to an attribute that does not exist in the item"],
    ["SET absent.a = :a", "The document path provided in the update expression is invalid for update"],
    ["ADD tags :one", "An operand in the update expression has an incorrect data type"],
  ])("%s is refused", (source, message) => {
    expect(() => apply(source)).toThrow(message);
  });
});

it("A projection keeps the shape of maps and moves a list's elements together", () => {
  const source = "id, #list[1], tree.a.b, absent";
  const paths = parseProjection(source, placeholders(source, { "#list": "list" }));
  expect(project(ITEM, paths)).toEqual({
    id: { S: "1" },
    list: { L: [{ N: "7" }] },
    tree: { M: { a: { M: { b: { N: "1" } } } } },
  });
  expect(() => parseProjection("tree, tree.a", placeholders("tree, tree.a"))).toThrow("overlap");
});

it("Names and values that no expression uses are refused", () => {
  const given = new Placeholders(
    { expression: "n = :a", ExpressionAttributeValues: { ":a": { S: "a" }, ":b": { S: "b" } } },
    ["expression"],
  );
  parseCondition("ConditionExpression", "n = :a", given);
  expect(() => given.checkAllUsed()).toThrow("unused in expressions: keys: {:b}");
  expect(() => new Placeholders({ ExpressionAttributeNames: { "#a": "a" } }, ["expression"])).toThrow(
    "ExpressionAttributeNames can only be specified when using expressions",
  );
});
