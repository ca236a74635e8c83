import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/local/clock.ts";
import { EXPIRY_INTERVAL_MS } from "../../src/local/dynamodb/expiry.ts";
import { createTable, type DynamoDbFixture, startDynamoDb } from "../support/dynamodb.ts";

const TableName = "customers";
let db: DynamoDbFixture;
afterEach(() => db.stop());

const S = (text: string) => ({ S: text });
const N = (number: number | string) => ({ N: String(number) });
const put = (Item: Record<string, object>, more: object = {}) =>
  db.client.send(new PutItemCommand({ TableName, Item: Item as never, ...more }));
const get = async (id: string) =>
  (await db.client.send(new GetItemCommand({ TableName, Key: { id: S(id) } }))).Item;
const query = (input: Partial<QueryCommandInput>) =>
  db.client.send(new QueryCommand({ TableName, ...input }));

/** A table keyed by `id`, with the index of the partner's pipeline. */
async function start(clock?: ManualClock) {
  db = await startDynamoDb(clock);
  await createTable(db.client, TableName, "id:S", { "by-reference": "customer_reference:S date:S" });
}

/** A table of one partition and a sort key of this type. */
async function startSorted(type: "S" | "N" | "B") {
  db = await startDynamoDb();
  await createTable(db.client, TableName, `id:S sort:${type}`);
}

describe("an item", () => {
  it("comes back with every type as it was, numbers exact to 38 digits", async () => {
    await start();
    const Item = {
      id: S("ü/1"),
      exact: N("-12345678901234567890.123456789012345678"),
      small: N("1e-130"),
      sum: N("87.50"),
      bytes: { B: new Uint8Array([0, 255, 1]) },
      yes: { BOOL: true },
      nothing: { NULL: true },
      names: { SS: ["b", "a"] },
      numbers: { NS: ["1.0", "2"] },
      blobs: { BS: [new Uint8Array([1])] },
      list: { L: [S(""), { M: { constructor: N(1) } }] },
      constructor: S("no member of JavaScript's"),
    };
    await put(Item);
    expect(await get("ü/1")).toEqual({
      ...Item,
      small: N(`0.${"0".repeat(129)}1`),
      sum: N("87.5"),
      numbers: { NS: ["1", "2"] },
    });
  });

  it.each<[string, Record<string, object>, string]>([
    ["39 digits", { n: N("1".repeat(39)) }, "more than 38 significant digits"],
    ["a number out of range", { n: N("1e126") }, "Number overflow"],
    ["letters for a number", { n: N("12a") }, "cannot be converted to a numeric value: 12a"],
    ["no key", { other: S("x") }, "Missing the key id in the item"],
    ["a key of another type", { id: N(1) }, "Type mismatch for key id expected: S actual: N"],
    ["an empty key", { id: S("") }, "cannot contain an empty string value. Key: id"],
    [
      "an index key of another type",
      { date: N(1) },
      "Type mismatch for Index Key date Expected: S Actual: N",
    ],
    ["an empty set", { names: { SS: [] } }, "An string set  may not be empty"],
    ["a set with one value twice", { names: { NS: ["1", "1.0"] } }, "contains duplicates"],
    ["more than 400 KB", { text: S("x".repeat(410_000)) }, "Item size has exceeded the maximum allowed size"],
  ])("with %s is refused", async (_, attributes, message) => {
    await start();
    await expect(
      put("other" in attributes ? attributes : { id: S("1"), ...attributes }),
    ).rejects.toMatchObject({ name: "ValidationException", message: expect.stringContaining(message) });
    expect((await db.client.send(new ScanCommand({ TableName }))).Count).toBe(0);
  });
});

describe("a condition", () => {
  it("lets exactly one of many writers of one item through, and shows the others what is there", async () => {
    await start();
    const claims = Array.from({ length: 25 }, (_, writer) =>
      put(
        { id: S("claim"), writer: N(writer) },
        {
          ConditionExpression: "attribute_not_exists(id)",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      ),
    );
    const results = await Promise.allSettled(claims);
    const lost = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(lost).toHaveLength(24);
    const winner = await get("claim");
    for (const reason of lost) {
      expect(reason).toMatchObject({ name: "ConditionalCheckFailedException", Item: winner });
    }
  });

  it("decides updates and deletions on what is stored", async () => {
    await start();
    const increments = Array.from({ length: 20 }, () =>
      db.client.send(
        new UpdateItemCommand({
          TableName,
          Key: { id: S("1") },
          UpdateExpression: "ADD #count :one SET #state = if_not_exists(#state, :pending)",
          ExpressionAttributeNames: { "#count": "count", "#state": "state" },
          ExpressionAttributeValues: { ":one": N(1), ":pending": S("pending") },
        }),
      ),
    );
    await Promise.all(increments);
    const sent = await db.client.send(
      new UpdateItemCommand({
        TableName,
        Key: { id: S("1") },
        UpdateExpression: "SET #s = :sent",
        ConditionExpression: "#s = :pending AND #c BETWEEN :low AND :high",
        ExpressionAttributeNames: { "#s": "state", "#c": "count" },
        ExpressionAttributeValues: {
          ":sent": S("sent"),
          ":pending": S("pending"),
          ":low": N(20),
          ":high": N("20.0"),
        },
        ReturnValues: "UPDATED_NEW",
      }),
    );
    expect(sent.Attributes).toEqual({ state: S("sent") });
    const removal = { TableName, Key: { id: S("1") }, ConditionExpression: "attribute_exists(gone)" };
    await expect(db.client.send(new DeleteItemCommand(removal))).rejects.toMatchObject({
      name: "ConditionalCheckFailedException",
    });
    expect(await get("1")).toEqual({ id: S("1"), count: N(20), state: S("sent") });
  });
});

describe("a query", () => {
  const all = { KeyConditionExpression: "id = :id", ExpressionAttributeValues: { ":id": S("p") } };

  it.each<["N" | "B" | "S", object[]]>([
    ["N", ["-1e3", "-12.5", "-12", "-0.001", "0", "2e-5", "1", "9", "10", "100.5"].map((n) => N(n))],
    ["B", [[0], [0, 0], [0, 1], [1], [127], [128], [255], [255, 0]].map((b) => ({ B: new Uint8Array(b) }))],
    ["S", ["\0", "\0\0", "A", "a", "a\0", "a\0b", "aa", "b", "ä", "\ue000", "😀"].map(S)],
  ])("orders sort keys of type %s as DynamoDB does, both ways", async (type, ordered) => {
    await startSorted(type);
    for (const sort of [...ordered].reverse()) await put({ id: S("p"), sort });
    await put({ id: S("q"), sort: ordered[0] ?? {} });
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
    const sorts = async (more: object = {}) =>
      (await query({ ...all, ...more })).Items?.map(({ sort }) => plain(sort));
    const exact = (value: object) => ("N" in value ? N(Number(value.N)) : value);
    const forward = (await sorts())?.map(exact);
    expect(forward).toEqual(plain(ordered).map(exact));
    expect((await sorts({ ScanIndexForward: false }))?.map(exact)).toEqual(
      plain(ordered).map(exact).reverse(),
    );
    for (const [operator, from, to] of [
      ["<", 0, 4],
      ["<=", 0, 5],
      ["=", 4, 5],
      [">=", 4, ordered.length],
      [">", 5, ordered.length],
    ] as const) {
      const some = await sorts({
        KeyConditionExpression: `id = :id AND sort ${operator} :sort`,
        ExpressionAttributeValues: { ":id": S("p"), ":sort": ordered[4] },
      });
      expect(some?.map(exact), operator).toEqual(plain(ordered.slice(from, to)).map(exact));
    }
  });

  it("on a sparse index gives whole items in its order, with filter, projection and begins_with", async () => {
    await start();
    const rows: [string, string, string?][] = [
      ["1", "c-1", "2022-01-31"],
      ["2", "c-1", "2022-01-30"],
      ["3", "c-1", "2021-12-31"],
      ["4", "c-1"],
      ["5", "c-2", "2022-01-30"],
    ];
    for (const [id, reference, date] of rows) {
      await put({
        id: S(id),
        customer_reference: S(reference),
        size: N(id),
        ...(date ? { date: S(date) } : {}),
      });
    }
    const found = await query({
      IndexName: "by-reference",
      KeyConditionExpression: "customer_reference = :c AND begins_with(#d, :year)",
      FilterExpression: "#size < :two OR contains(id, :two_text)",
      ProjectionExpression: "id, #d",
      ExpressionAttributeNames: { "#d": "date", "#size": "size" },
      ExpressionAttributeValues: {
        ":c": S("c-1"),
        ":year": S("2022-"),
        ":two": N(2),
        ":two_text": S("2"),
      },
    });
    expect(found.Items).toEqual([
      { id: S("2"), date: S("2022-01-30") },
      { id: S("1"), date: S("2022-01-31") },
    ]);
    // What leaves the index leaves it, and what moves in it moves.
    await put({ id: S("2"), customer_reference: S("c-2"), date: S("2022-02-01") });
    await db.client.send(new DeleteItemCommand({ TableName, Key: { id: S("1") } }));
    const ids = async (reference: string) =>
      (
        await query({
          IndexName: "by-reference",
          KeyConditionExpression: "customer_reference = :c",
          ExpressionAttributeValues: { ":c": S(reference) },
        })
      ).Items?.map(({ id }) => id?.S);
    expect([await ids("c-1"), await ids("c-2")]).toEqual([["3"], ["5", "2"]]);
  });

  it("goes on after each page, by limit and by a megabyte, even when the last item is gone", async () => {
    await startSorted("N");
    const text = S("x".repeat(100_000));
    for (let sort = 0; sort < 25; sort++) await put({ id: S("p"), sort: N(sort), text });
    const counts: number[] = [];
    for await (const page of paginateQuery({ client: db.client }, { TableName, ...all })) {
      counts.push(page.Count ?? 0);
    }
    expect(counts).toEqual([11, 11, 3]);
    const first = await query({ ...all, Limit: 10, ScanIndexForward: false });
    expect(first.LastEvaluatedKey).toEqual({ id: S("p"), sort: N(15) });
    await db.client.send(new DeleteItemCommand({ TableName, Key: first.LastEvaluatedKey }));
    const second = await query({
      ...all,
      Limit: 2,
      ScanIndexForward: false,
      ExclusiveStartKey: first.LastEvaluatedKey,
    });
    expect(second.Items?.map(({ sort }) => sort)).toEqual([N(14), N(13)]);
  });

  it.each([
    [{ KeyConditionExpression: "sort = :id" }, "Query condition missed key schema element: id"],
    [{ KeyConditionExpression: "id > :id" }, "Query key condition not supported"],
    [{ KeyConditionExpression: "id = :n" }, "Condition parameter type does not match schema type"],
    [
      { ...all, FilterExpression: "sort = :id" },
      "Filter Expression can only contain non-primary key attributes",
    ],
    [
      { ...all, FilterExpression: "status = :id" },
      "Attribute name is a reserved keyword; reserved keyword: status",
    ],
    [{ ...all, FilterExpression: "a = :x" }, "not defined; attribute value: :x"],
    [{ ...all, FilterExpression: "a = = :id" }, 'Syntax error; token: "=", near: "= = :id"'],
    [{ ...all, ExpressionAttributeNames: { "#a": "a" } }, "unused in expressions: keys: {#a}"],
    [{ ...all, IndexName: "none" }, "The table does not have the specified index: none"],
  ])("of %j is refused", async (input, message) => {
    await startSorted("N");
    const ExpressionAttributeValues: QueryCommandInput["ExpressionAttributeValues"] = JSON.stringify(
      input,
    ).includes(":n")
      ? { ":n": N(1) }
      : { ":id": S("p") };
    await expect(query({ ExpressionAttributeValues, ...input })).rejects.toMatchObject({
      name: "ValidationException",
      message: expect.stringContaining(message),
    });
  });
});

describe("a scan", () => {
  it("sees every item once, in pages and in parallel segments", async () => {
    await start();
    const ids = Array.from({ length: 60 }, (_, index) => `c-${index}`);
    for (let at = 0; at < ids.length; at += 25) {
      const requests = ids.slice(at, at + 25).map((id) => ({ PutRequest: { Item: { id: S(id) } } }));
      const { UnprocessedItems } = await db.client.send(
        new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }),
      );
      expect(UnprocessedItems).toEqual({});
    }
    const scanned = async (more: object) => {
      const seen: string[] = [];
      for await (const page of paginateScan({ client: db.client }, { TableName, Limit: 7, ...more })) {
        seen.push(...(page.Items ?? []).map(({ id }) => id?.S ?? ""));
      }
      return seen;
    };
    expect((await scanned({})).sort()).toEqual([...ids].sort());
    const segments = await Promise.all([0, 1, 2].map((Segment) => scanned({ Segment, TotalSegments: 3 })));
    expect(segments.flat().sort()).toEqual([...ids].sort());
    expect(segments.filter((seen) => seen.length > 0)).toHaveLength(3);
    const counted = await db.client.send(
      new ScanCommand({
        TableName,
        Select: "COUNT",
        FilterExpression: "begins_with(id, :c)",
        ExpressionAttributeValues: { ":c": S("c-1") },
      }),
    );
    expect(counted).toMatchObject({ Count: 11, ScannedCount: 60 });
    expect(counted.Items).toBeUndefined();
  });
});

describe("batches and transactions", () => {
  it("read and write several items, and refuse too many or the same twice", async () => {
    await start();
    await put({ id: S("old"), text: S("t") });
    const request = (id: string) => ({ PutRequest: { Item: { id: S(id) } } });
    const write = (requests: object[]) =>
      db.client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests as never } }));
    await write([request("a"), request("b"), { DeleteRequest: { Key: { id: S("old") } } }]);
    const { Responses, UnprocessedKeys } = await db.client.send(
      new BatchGetItemCommand({
        RequestItems: { [TableName]: { Keys: ["a", "b", "old"].map((id) => ({ id: S(id) })) } },
      }),
    );
    expect([Responses?.[TableName], UnprocessedKeys]).toEqual([[{ id: S("a") }, { id: S("b") }], {}]);
    await expect(write([request("a"), request("a")])).rejects.toThrow("contains duplicates");
    await expect(write(Array.from({ length: 26 }, (_, i) => request(`${i}`)))).rejects.toThrow(
      "Too many items",
    );
  });

  it("change all items of a transaction or none, with a reason for each", async () => {
    await start();
    await put({ id: S("a"), balance: N(5) });
    const transfer = (amount: string, ClientRequestToken?: string) =>
      db.client.send(
        new TransactWriteItemsCommand({
          ClientRequestToken,
          TransactItems: [
            { Put: { TableName, Item: { id: S("log") }, ConditionExpression: "attribute_not_exists(id)" } },
            {
              Update: {
                TableName,
                Key: { id: S("a") },
                UpdateExpression: "SET balance = balance - :n",
                ConditionExpression: "balance >= :n",
                ExpressionAttributeValues: { ":n": N(amount) },
                ReturnValuesOnConditionCheckFailure: "ALL_OLD",
              },
            },
          ],
        }),
      );
    await expect(transfer("6")).rejects.toMatchObject({
      name: "TransactionCanceledException",
      message: expect.stringContaining("[None, ConditionalCheckFailed]"),
      CancellationReasons: [
        { Code: "None" },
        { Code: "ConditionalCheckFailed", Item: { id: S("a"), balance: N(5) } },
      ],
    });
    expect(await get("log")).toBeUndefined();
    await transfer("4.5", "token");
    await db.restart({ killed: true });
    await transfer("4.5", "token");
    await expect(transfer("1", "token")).rejects.toMatchObject({
      name: "IdempotentParameterMismatchException",
    });
    const { Responses } = await db.client.send(
      new TransactGetItemsCommand({
        TransactItems: ["a", "log", "none"].map((id) => ({ Get: { TableName, Key: { id: S(id) } } })),
      }),
    );
    expect(Responses?.map(({ Item }) => Item)).toEqual([
      { id: S("a"), balance: N("0.5") },
      { id: S("log") },
      undefined,
    ]);
  });
});

describe("a table", () => {
  it("describes itself, takes an index later and is gone when deleted", async () => {
    await start();
    await put({ id: S("1"), city: S("Bern") });
    await db.client.send(
      new UpdateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: "city", AttributeType: "S" }],
        GlobalSecondaryIndexUpdates: [
          {
            Create: {
              IndexName: "by-city",
              KeySchema: [{ AttributeName: "city", KeyType: "HASH" }],
              Projection: { ProjectionType: "KEYS_ONLY" },
            },
          },
        ],
      }),
    );
    const { Table } = await db.client.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableStatus: "ACTIVE",
      ItemCount: 1,
      TableSizeBytes: 11,
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
      GlobalSecondaryIndexes: [{ IndexName: "by-reference" }, { IndexName: "by-city", ItemCount: 1 }],
    });
    const found = await query({
      IndexName: "by-city",
      KeyConditionExpression: "city = :c",
      ExpressionAttributeValues: { ":c": S("Bern") },
    });
    expect(found.Items).toEqual([{ id: S("1"), city: S("Bern") }]);
    await expect(createTable(db.client, TableName, "id:S")).rejects.toMatchObject({
      name: "ResourceInUseException",
    });
    await db.service.removeTable(TableName);
    expect((await db.client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
    await expect(get("1")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  it("deletes expired items within a minute, but none written anew or without a number", async () => {
    const clock = new ManualClock();
    await start(clock);
    await db.client.send(
      new UpdateTimeToLiveCommand({
        TableName,
        TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
      }),
    );
    const { TimeToLiveDescription } = await db.client.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "expiresAt" });
    const now = Math.floor(clock.now() / 1000);
    const at = (seconds: number) => ({ expiresAt: N(now + seconds) });
    await put({ id: S("claim"), ...at(30) });
    await put({ id: S("renewed"), ...at(30) });
    await put({ id: S("renewed"), ...at(3_600) });
    await put({ id: S("text"), expiresAt: S(String(now)) });
    await put({ id: S("long ago"), expiresAt: N(1) });
    await db.restart({ killed: true });
    await clock.advance(EXPIRY_INTERVAL_MS);
    await expect.poll(() => get("claim")).toBeUndefined();
    const left = await db.client.send(new ScanCommand({ TableName }));
    expect(left.Items?.map(({ id }) => id?.S).sort()).toEqual(["long ago", "renewed", "text"]);
  });

  it("is made from a declaration, and changes with it without losing an item", async () => {
    db = await startDynamoDb();
    const key = { hash: { name: "id", type: "S" as const }, range: null };
    const byDay = { hash: { name: "day", type: "S" as const }, range: null };
    const settings = { ttlAttribute: "expiresAt", pointInTimeRecovery: true };
    await db.service.createTable(TableName, { ...key, indexes: {}, ...settings });
    await put({ id: S("1"), day: S("2022-01-30") });
    await db.service.createTable(TableName, { ...key, indexes: { "by-day": byDay }, ...settings });
    const { ContinuousBackupsDescription } = await db.client.send(
      new DescribeContinuousBackupsCommand({ TableName }),
    );
    expect(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe(
      "ENABLED",
    );
    const found = await query({
      IndexName: "by-day",
      KeyConditionExpression: "#d = :d",
      ExpressionAttributeNames: { "#d": "day" },
      ExpressionAttributeValues: { ":d": S("2022-01-30") },
    });
    expect([found.Count, db.service.itemCount(TableName)]).toEqual([1, 1]);
    await expect(db.service.createTable(TableName, { ...byDay, indexes: {}, ...settings })).rejects.toThrow(
      "is there with another key",
    );
  });

  it("holds after a crash and a compaction all that was answered", async () => {
    await start();
    const writes = Array.from({ length: 2_500 }, (_, index) =>
      put({
        id: S(`c-${index % 50}`),
        round: N(Math.floor(index / 50)),
        customer_reference: S("c"),
        date: S("d"),
      }),
    );
    await Promise.all(writes);
    await db.client.send(new DeleteItemCommand({ TableName, Key: { id: S("c-0") } }));
    await db.restart({ killed: true });
    const found = await query({
      IndexName: "by-reference",
      KeyConditionExpression: "customer_reference = :c",
      ExpressionAttributeValues: { ":c": S("c") },
    });
    expect(found.Count).toBe(49);
    expect(found.Items?.every(({ round }) => round?.N === "49")).toBe(true);
  });
});
