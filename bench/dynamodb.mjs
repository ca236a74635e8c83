// The engine's DynamoDB over HTTP: items a second, memory, CPU to open. The reference is a server of the same Node
// that reads each request and answers nothing of interest.
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import path from "node:path";
import { Pool } from "undici";
import { bundle, ROOT } from "./bundles.mjs";

const ITEMS = 100_000;
const UPDATES = 20_000;
/** Requests under way at a time. */
const CONCURRENCY = 32;

const SERVER = `
  import { createServer } from "node:http";
  import { createDynamoDb } from ${JSON.stringify(path.join(ROOT, "src/local/dynamodb/service.ts"))};
  import { openServer } from ${JSON.stringify(path.join(ROOT, "src/local/http/server.ts"))};
  import { systemClock } from ${JSON.stringify(path.join(ROOT, "src/local/clock.ts"))};

  const [directory] = process.argv.slice(2);
  const before = process.cpuUsage();
  const dynamodb = await createDynamoDb({ clock: systemClock, dataDirectory: directory, log: console.error });
  const { user, system } = process.cpuUsage(before);
  const openedMs = (user + system) / 1000;
  const { port } = await openServer({ port: 0, services: { dynamodb }, log: console.error });
  const bare = createServer(async (request, response) => {
    let bytes = 0;
    for await (const piece of request) bytes += piece.length;
    response.end(JSON.stringify({ bytes }));
  });
  bare.listen(0, "127.0.0.1", () => process.send({ port, barePort: bare.address().port, openedMs }));
  process.on("message", () => {
    globalThis.gc();
    process.send(process.memoryUsage());
  });
`;

const item = (index) => ({
  id: { S: index.toString(16).padStart(64, "0") },
  customer_reference: { S: `c-${index % 5_000}` },
  date: { S: "2022-01-30" },
  number_of_orders: { N: String(index % 7) },
  total_amount_spent: { N: `${index % 1_000}.25` },
  state: { S: "pending" },
  version: { N: "1" },
  versions: {
    M: { customers: { S: "v".repeat(32) }, orders: { S: "v".repeat(32) }, items: { S: "v".repeat(32) } },
  },
});
const TABLE = {
  TableName: "customers",
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: ["id", "customer_reference", "date"].map((AttributeName) => ({
    AttributeName,
    AttributeType: "S",
  })),
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  GlobalSecondaryIndexes: [
    {
      IndexName: "by-reference",
      KeySchema: [
        { AttributeName: "customer_reference", KeyType: "HASH" },
        { AttributeName: "date", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "ALL" },
    },
  ],
};
const put = (index) => ({
  TableName: "customers",
  Item: item(index),
  ConditionExpression: "attribute_not_exists(id)",
});
const update = (index) => ({
  TableName: "customers",
  Key: { id: item(index).id },
  UpdateExpression: "SET #s = :sent, version = version + :one",
  ConditionExpression: "#s = :pending",
  ExpressionAttributeNames: { "#s": "state" },
  ExpressionAttributeValues: { ":sent": { S: "sent" }, ":pending": { S: "pending" }, ":one": { N: "1" } },
});

/** @returns figures: name, value, unit, limit */
export async function dynamodb(directory) {
  const data = path.join(directory, "dynamodb");
  const program = await bundle(directory, "dynamodb-server", SERVER);
  let server = await start(program, data);
  const empty = await memory(server);
  await call(server.pool, "CreateTable", TABLE);
  const puts = await rate(server.pool, ITEMS, "PutItem", put);
  const bare = await rate(server.bare, UPDATES, "PutItem", put);
  const full = await memory(server);
  const updates = await rate(server.pool, UPDATES, "UpdateItem", update);
  // As the machine would: without a chance to close anything.
  server.stop("SIGKILL");
  const bytes = statSync(path.join(data, "dynamodb", "journal.log")).size;
  server = await start(program, data);
  const { Table } = await call(server.pool, "DescribeTable", { TableName: "customers" });
  if (Table.ItemCount !== ITEMS) throw new Error(`${Table.ItemCount} of ${ITEMS} items are there`);
  server.stop("SIGTERM");
  return [
    { name: "DynamoDB: conditional puts", value: puts, unit: "items/s" },
    { name: "DynamoDB: conditional updates", value: updates, unit: "items/s" },
    { name: "DynamoDB: a put, to a request that does nothing", value: bare / puts, unit: "times", limit: 8 },
    {
      name: "DynamoDB: memory with 100,000 items of 416 bytes",
      value: full.rss / 1e6,
      unit: "MB",
      limit: 400,
    },
    {
      name: "DynamoDB: heap of such an item with one index",
      value: (full.heapUsed - empty.heapUsed) / ITEMS,
      unit: "bytes",
    },
    { name: "DynamoDB: journal on disk", value: bytes / 1e6, unit: "MB" },
    {
      name: "DynamoDB: CPU of opening 100,000 items after a kill",
      value: server.openedMs / 1000,
      unit: "s",
      limit: 10,
    },
  ];
}

async function start(program, directory) {
  const child = spawn(process.execPath, ["--expose-gc", program, directory], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [{ port, barePort, openedMs }] = await message(child);
  const poolOf = (one) => new Pool(`http://127.0.0.1:${one}`, { connections: CONCURRENCY });
  const [pool, bare] = [poolOf(port), poolOf(barePort)];
  const stop = (signal) => {
    void pool.destroy();
    void bare.destroy();
    child.kill(signal);
  };
  return { child, pool, bare, openedMs, stop };
}

async function memory({ child }) {
  child.send("memory");
  const [usage] = await message(child);
  return usage;
}

function message(child) {
  return new Promise((resolve, reject) => {
    child.once("message", (...given) => resolve(given));
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

async function call(pool, action, input) {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: "/",
    headers: { "x-amz-target": `DynamoDB_20120810.${action}`, "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify(input),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${action}: ${text}`);
  return JSON.parse(text);
}

/** Calls a second. */
async function rate(pool, count, action, input) {
  let next = 0;
  const worker = async () => {
    while (next < count) await call(pool, action, input(next++));
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return count / ((performance.now() - started) / 1000);
}
