import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type BatchWriteItemCommandInput,
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { describe } from "vitest";
import { createTable } from "../../support/dynamodb.ts";
import { motoAvailable } from "../../support/moto.ts";
import { bothSides, outcome, type Side } from "./both.ts";

type Item = Record<string, AttributeValue>;
const S = (text: string): AttributeValue => ({ S: text });
const N = (number: number | string): AttributeValue => ({ N: String(number) });

/** A table and the calls on it. Values are written in short: `:n1` is the number 1, `:a` the text "a". */
async function tableOf({ dynamodb }: Side, TableName: string, key = "id:S", indexes = {}) {
  await createTable(dynamodb, TableName, key, indexes);
  const put = (Item: Item, more: object = {}) =>
    dynamodb.send(new PutItemCommand({ TableName, Item, ...more }));
  const get = async (id: string, more: object = {}) =>
    (await dynamodb.send(new GetItemCommand({ TableName, Key: { id: S(id) }, ...more }))).Item;
  const query = async (KeyConditionExpression: string, more: object = {}) => {
    const answer = await dynamodb.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression,
        ...valuesIn(KeyConditionExpression, more),
        ...more,
      }),
    );
    return [answer.Items, answer.Count, answer.ScannedCount, answer.LastEvaluatedKey];
  };
  const scan = async (FilterExpression: string, more: object = {}) => {
    const answer = await dynamodb.send(
      new ScanCommand({ TableName, FilterExpression, ...valuesIn(FilterExpression, more), ...more }),
    );
    return [answer.Count, (answer.Items ?? []).map(({ id }) => id?.S).sort()];
  };
  const update = async (UpdateExpression: string, more: Partial<UpdateItemCommandInput> = {}) => {
    const answer = await dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key: { id: S("1") },
        UpdateExpression,
        ReturnValues: "ALL_NEW",
        ...valuesIn(`${UpdateExpression} ${more.ConditionExpression ?? ""}`, more),
        ...more,
      }),
    );
    return answer.Attributes;
  };
  return { TableName, put, get, query, scan, update };
}

/** What the short values in expressions stand for, unless they are given. */
function valuesIn(
  expression: string,
  { ExpressionAttributeValues = {} }: { ExpressionAttributeValues?: Item },
) {
  const names = [...new Set(expression.match(/:\w+/g) ?? [])];
  if (names.length === 0) return {};
  const values = names.map((name) => {
    const number = /^:n(\d+)$/.exec(name)?.[1];
    return [name, number === undefined ? S(name.slice(1)) : N(number)];
  });
  return { ExpressionAttributeValues: { ...Object.fromEntries(values), ...ExpressionAttributeValues } };
}

/** The result of each call, or the name of its error; one after the other. */
async function each<T>(inputs: readonly T[], call: (input: T) => Promise<unknown>): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const input of inputs) results.push([input, await answerOf(call(input))]);
  return results;
}

const project = (item: Item, name: string): Item => ({ [name]: item[name] ?? { NULL: true } });
const answerOf = (call: Promise<unknown>) => call.catch((error: Error) => error.name);
const REFUSED = "ValidationException";

const EVERY: Item = {
  id: S("1"),
  note: S("hello"),
  amount: N(5),
  marked: { BOOL: true },
  nil: { NULL: true },
  elements: { L: [S("a"), N(1), { M: { deep: S("x") } }] },
  tree: { M: { a: S("1"), b: { M: { c: N(2) } } } },
  letters: { SS: ["a", "b"] },
  digits: { NS: ["1", "2"] },
  payload: { B: new Uint8Array([1, 2, 3]) },
};

describe.skipIf(!motoAvailable())("DynamoDB answers as moto does", () => {
  const { same } = bothSides();

  same("to items of every type, put, read in part and deleted", async (side) => {
    const table = await tableOf(side, "items");
    await table.put(EVERY);
    const { Attributes } = await side.dynamodb.send(
      new DeleteItemCommand({ TableName: "items", Key: { id: S("1") }, ReturnValues: "ALL_OLD" }),
    );
    await table.put(EVERY);
    // moto answers the last of several elements only.
    const elements = await side.documented(project(EVERY, "elements"), () =>
      table.get("1", { ProjectionExpression: "elements[0], elements[1], elements[2]" }),
    );
    return [
      Attributes,
      elements,
      await each(["note, elements[2].deep", "tree.b.c, tree.a", "absent, note"], (one) =>
        table.get("1", { ProjectionExpression: one }),
      ),
      await table.get("none"),
    ];
  });

  same("to conditions", async (side) => {
    const table = await tableOf(side, "conditions");
    await table.put(EVERY);
    const conditions = [
      "attribute_exists(note)",
      "attribute_not_exists(note)",
      "attribute_exists(tree.b.c) AND attribute_not_exists(tree.x)",
      "note = :hello",
      "note <> :hello",
      "note < :i",
      "note >= :i",
      "#number = :n5",
      "#number BETWEEN :n1 AND :n5",
      "#number BETWEEN :n6 AND :n7",
      "#number IN (:n1, :n5)",
      "#number IN (:n1, :n2)",
      "#number = :five",
      "begins_with(note, :he)",
      "begins_with(note, :lo)",
      "contains(note, :ell)",
      "contains(letters, :a)",
      "contains(letters, :c)",
      "contains(elements, :a)",
      "contains(digits, :n2)",
      "attribute_type(nil, :NULL)",
      "attribute_type(note, :N)",
      "size(note) = :n5",
      "size(letters) > :n1",
      "size(elements) <= :n3",
      "size(payload) = :n3",
      "NOT note = :hello",
      "NOT (note = :hello AND #number = :n1)",
      "note = :x OR note = :hello AND #number = :n5",
      "(note = :hello OR note = :x) AND #number = :n1",
      "absent = :hello",
      "absent <> :hello",
      "absent < :hello",
      "elements[0] = :a",
      "elements[9] = :a",
    ];
    return each(conditions, (ConditionExpression) =>
      table
        .put(EVERY, {
          ConditionExpression,
          ...(ConditionExpression.includes("#number")
            ? { ExpressionAttributeNames: { "#number": "amount" } }
            : {}),
          ...valuesIn(ConditionExpression, {}),
        })
        .then(() => "holds"),
    );
  });

  same("to updates of what is there", async (side) => {
    const table = await tableOf(side, "updates");
    const updates: [string, Item?][] = [
      ["SET fresh = :a"],
      ["SET score = score + :n1"],
      ["SET score = :n3 - score"],
      ["SET score = if_not_exists(score, :n1) + :n1"],
      ["SET alternative = if_not_exists(alternative, :n7)"],
      ["SET elements = list_append(elements, :more)", { ":more": { L: [S("z")] } }],
      ["SET elements = list_append(:more, elements)", { ":more": { L: [S("z")] } }],
      ["SET elements[1] = :b"],
      ["SET elements[9] = :b"],
      ["SET tree.a = :z, tree.b.c = :n9"],
      ["SET tree.x.y = :z"],
      ["SET twin = tree.b"],
      ["SET absent = nowhere"],
      ["REMOVE note, tree.a"],
      ["REMOVE elements[0], elements[1]"],
      ["REMOVE nowhere"],
      ["ADD score :n5"],
      ["ADD tally :n5"],
      ["ADD letters :set", { ":set": { SS: ["b", "c"] } }],
      ["ADD fresh_set :set", { ":set": { SS: ["b"] } }],
      ["ADD note :n1"],
      ["DELETE letters :set", { ":set": { SS: ["a", "x"] } }],
      ["DELETE letters :set", { ":set": { SS: ["a", "b"] } }],
      ["SET note = :t REMOVE tree ADD score :n1"],
      ["SET id = :x"],
      ["SET a = :a, a = :b"],
      ["SET a = :a SET b = :b"],
      ["SET note = :hello :x"],
      [""],
    ];
    return each(updates, async ([expression, values]) => {
      await table.put({ ...EVERY, score: N(10) });
      return table.update(expression, values ? { ExpressionAttributeValues: values } : {});
    });
  });

  same("to what an update returns, and to updates of what is not there", async (side) => {
    const table = await tableOf(side, "returns");
    const kinds = ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"] as const;
    return each(kinds, async (ReturnValues) => {
      const Key = { id: S(ReturnValues) };
      const insert = () => table.update("SET a = :a, n = :n1", { Key, ReturnValues });
      // moto names the key among what was updated when the item is new.
      const first =
        ReturnValues === "UPDATED_NEW"
          ? await insert().then((answer) => side.documented({ a: S("a"), n: N(1) }, async () => answer))
          : await insert();
      const second = await table.update("SET a = :b ADD n :n2", { Key, ReturnValues });
      return [first, second];
    });
  });

  same("to exact numbers", async (side) => {
    const table = await tableOf(side, "numbers");
    const add = async (number: string) => {
      await table.put({ id: S("1"), n: N(number) });
      return (await table.update("ADD n :n", { ExpressionAttributeValues: { ":n": N("0.2") } }))?.n;
    };
    return [
      await each(["0.1", "-5", "87.5", "0"], add),
      // moto rounds what has more than 38 digits, and answers exponents, which the SDK can't read.
      await side.documented(REFUSED, () => answerOf(add("12345678901234567890123456789012345678")) as never),
      await side.documented(N("1000.2"), () => add("1e3") as never),
    ];
  });

  same("to queries of a table with a sort key", async (side) => {
    const table = await tableOf(side, "sorted", "id:S n:N");
    for (const n of ["10", "9", "-1", "2.5", "100"]) await table.put({ id: S("p"), n: N(n), even: S(n) });
    await table.put({ id: S("q"), n: N(1) });
    const conditions = [
      "id = :p",
      "id = :none",
      "id = :p AND n = :n9",
      "id = :p AND n < :n10",
      "id = :p AND n >= :n9",
      "id = :p AND n BETWEEN :n2 AND :n10",
      "n = :n9",
      "id > :p",
    ];
    // moto fails at these with an answer that is none.
    const refused = (condition: string) => side.documented(REFUSED, () => outcome(table.query(condition)));
    return [
      await each(conditions, (one) => table.query(one)),
      await refused("id = :p AND n > :note"),
      await refused("id = :p OR id = :q"),
      await table.query("id = :p", { ScanIndexForward: false }),
      await table.query("id = :p", { Limit: 2 }),
      await table.query("id = :p", { Limit: 2, ExclusiveStartKey: { id: S("p"), n: N("2.5") } }),
      await table.query("id = :p", { FilterExpression: "even = :even", ...valuesIn(":p :even", {}) }),
      await table.query("id = :p", { Select: "COUNT" }),
      await table.query("id = :p AND n > :n9", { ProjectionExpression: "even" }),
    ];
  });

  same("to queries of a sparse index", async (side) => {
    const table = await tableOf(side, "indexed", "id:S", { "by-reference": "customer:S day:S" });
    const rows = [
      ["1", "c", "2022-01-31"],
      ["2", "c", "2022-01-30"],
      ["3", "c"],
      ["4", "d", "2022-01-30"],
    ];
    for (const [id = "", customer = "", day] of rows) {
      await table.put({ id: S(id), customer: S(customer), ...(day ? { day: S(day) } : {}) });
    }
    const IndexName = "by-reference";
    return [
      await table.query("customer = :c", { IndexName }),
      await table.query("customer = :c AND begins_with(#d, :year)", {
        IndexName,
        ExpressionAttributeNames: { "#d": "day" },
        ExpressionAttributeValues: { ":c": S("c"), ":year": S("2022-01-3") },
        ScanIndexForward: false,
      }),
      await outcome(table.query("customer = :c", { IndexName, ConsistentRead: true })),
      // moto says ResourceNotFoundException.
      await side.documented(REFUSED, () => outcome(table.query("customer = :c", { IndexName: "none" }))),
    ];
  });

  same("to scans with filters", async (side) => {
    const table = await tableOf(side, "scans");
    for (const n of [1, 2, 3, 4]) await table.put({ id: S(`i${n}`), n: N(n), note: S("x".repeat(n)) });
    return each(
      ["n > :n2", "size(note) < :n3", "begins_with(id, :i) AND NOT n = :n1", "attribute_exists(absent)"],
      (one) => table.scan(one),
    );
  });

  same("to batches", async (side) => {
    const table = await tableOf(side, "batches");
    const write = (requests: object[]) => {
      const RequestItems = { batches: requests } as BatchWriteItemCommandInput["RequestItems"];
      return side.dynamodb.send(new BatchWriteItemCommand({ RequestItems }));
    };
    const puts = (ids: string[]) => ids.map((id) => ({ PutRequest: { Item: { id: S(id) } } }));
    await table.put({ id: S("old") });
    const written = await write([...puts(["a", "b"]), { DeleteRequest: { Key: { id: S("old") } } }]);
    const Keys = ["a", "b", "old"].map((id) => ({ id: S(id) }));
    const read = await side.dynamodb.send(new BatchGetItemCommand({ RequestItems: { batches: { Keys } } }));
    return [
      written.UnprocessedItems,
      read.Responses?.batches?.map(({ id }) => id?.S).sort(),
      read.UnprocessedKeys,
      // moto writes it twice.
      await side.documented(REFUSED, () => outcome(write(puts(["a", "a"])))),
      // moto takes any number.
      await side.documented(REFUSED, () =>
        outcome(write(puts(Array.from({ length: 26 }, (_, index) => `${index}`)))),
      ),
      await outcome(
        side.dynamodb.send(
          new BatchGetItemCommand({ RequestItems: { batches: { Keys: [...Keys, ...Keys] } } }),
        ),
      ),
    ];
  });

  same("to transactions", async (side) => {
    const table = await tableOf(side, "transactions");
    const TableName = table.TableName;
    await table.put({ id: S("1"), n: N(5) });
    const transact = async (amount: string) => {
      try {
        await side.dynamodb.send(
          new TransactWriteItemsCommand({
            TransactItems: [
              { Put: { TableName, Item: { id: S("2") }, ConditionExpression: "attribute_not_exists(id)" } },
              {
                Update: {
                  TableName,
                  Key: { id: S("1") },
                  UpdateExpression: "SET n = n - :n",
                  ConditionExpression: "n >= :n",
                  ExpressionAttributeValues: { ":n": N(amount) },
                },
              },
              {
                ConditionCheck: {
                  TableName,
                  Key: { id: S("9") },
                  ConditionExpression: "attribute_not_exists(id)",
                },
              },
            ],
          }),
        );
        return "accepted";
      } catch (error) {
        const { name, message, CancellationReasons } = error as Error & {
          CancellationReasons: { Code: string }[];
        };
        return [name, message, CancellationReasons.map(({ Code }) => Code)];
      }
    };
    return [
      await transact("6"),
      await table.get("2"),
      await transact("5"),
      await table.get("1"),
      await transact("1"),
    ];
  });

  same("to a table described, and to one that is not there", async (side) => {
    await tableOf(side, "described", "id:S n:N", { "by-text": "text:S" });
    const describe = (TableName: string) => side.dynamodb.send(new DescribeTableCommand({ TableName }));
    const { Table } = await describe("described");
    const { KeySchema, TableStatus, ItemCount, GlobalSecondaryIndexes, BillingModeSummary } = Table ?? {};
    const indexes = GlobalSecondaryIndexes?.map((one) => [
      one.IndexName,
      one.KeySchema,
      one.Projection,
      one.IndexStatus,
    ]);
    return [
      [KeySchema, TableStatus, ItemCount, indexes, BillingModeSummary?.BillingMode],
      await outcome(describe("none")),
      await outcome(createTable(side.dynamodb, "described", "id:S")),
      await outcome(side.dynamodb.send(new GetItemCommand({ TableName: "none", Key: { id: S("1") } }))),
    ];
  });
});
