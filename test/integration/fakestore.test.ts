import { APIGatewayClient, GetApiKeyCommand } from "@aws-sdk/client-api-gateway";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeployRequest, Engine } from "../../src/local/engine.ts";
import type { AddressBook } from "../../src/topology/deployment.ts";
import { shippedPipelines, startTestEngine } from "../support/engine.ts";
import { clientSettings, temporaryDirectory } from "../support/services.ts";

const ORIGIN = "https://shop.example";
const product = { id: 1, title: "Stål Кашемир 竹", price: 109.95, category: "men's clothing", image: "x" };
const cart = {
  id: 2,
  userId: 1,
  date: "2020-03-02T00:00:00.000Z",
  products: [{ productId: 1, quantity: 4 }],
  __v: 0,
};
const user = {
  id: 3,
  email: "a@b",
  username: "a",
  password: "s3cret",
  name: { firstname: "a", lastname: "b" },
};

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let wanted: DeployRequest;
let engine: Engine;
let addresses: AddressBook;
let key: string;
let engineLog: string[];

async function start() {
  engine = await startTestEngine(`${directory.path}/data`, { log: (line) => engineLog.push(line) });
}

async function readKey() {
  const client = new APIGatewayClient(clientSettings(engine.endpoint));
  const { apiKeyId } = addresses.apis.store ?? {};
  const { value } = await client.send(new GetApiKeyCommand({ apiKey: apiKeyId, includeValue: true }));
  client.destroy();
  return value ?? "";
}

beforeAll(async () => {
  directory = await temporaryDirectory();
  engineLog = [];
  const shipped = await shippedPipelines(`${directory.path}/build`);
  const pipelines = shipped.pipelines.filter(({ name }) => name === "fakestore");
  wanted = { ...shipped, pipelines, corsAllowedOrigins: [ORIGIN] };
  await start();
  const deployed = (await engine.deploy(wanted)).pipelines.fakestore;
  if (!deployed) throw new Error("fakestore is not among the pipelines");
  addresses = deployed.addresses;
  key = await readKey();
});
afterAll(async () => {
  await engine.close();
  await directory.remove();
});

async function post(body: unknown, headers: Record<string, string> = {}) {
  const { url } = addresses.apis.store ?? {};
  const got = await request(`${engine.endpoint}${new URL(url ?? "").pathname}/events`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return {
    status: got.statusCode,
    headers: got.headers,
    body: (await got.body.json()) as Record<string, unknown>,
  };
}

/** Every line in the stream, of all shards. */
async function streamed(): Promise<string[]> {
  const { name: StreamName } = addresses.streams.events ?? {};
  const client = new KinesisClient({
    ...clientSettings(engine.endpoint),
    requestHandler: new NodeHttpHandler(),
  });
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
  const lines: string[] = [];
  for (const { ShardId } of Shards) {
    const ShardIteratorType = "TRIM_HORIZON";
    const at = await client.send(new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType }));
    const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator: at.ShardIterator }));
    lines.push(...Records.map(({ Data }) => Buffer.from(Data ?? []).toString("utf8")));
  }
  client.destroy();
  return lines;
}

describe("the deployed fakestore pipeline", () => {
  it("streams what is good of a request, one line each, and answers for every event", async () => {
    const { status, body } = await post([
      { type: "product", eventId: "p", data: product },
      { type: "cart", eventId: "c-1", data: cart },
      { type: "cart", eventId: "c-2", data: { ...cart, userId: 2 } },
      { type: "user", eventId: "u", data: user },
      { type: "product", eventId: "bad", data: { ...product, price: "109.95" } },
    ]);
    expect({ status, body }).toEqual({
      status: 207,
      body: {
        accepted: ["p", "c-1", "c-2", "u"].map((eventId, index) => ({ index, eventId })),
        rejected: [{ index: 4, path: "data.price", reason: expect.stringContaining('received "109.95"') }],
      },
    });
    const lines = await streamed();
    expect(lines.every((line) => line.endsWith("}\n"))).toBe(true);
    const events = lines.map((line) => JSON.parse(line)).sort((a, b) => (a.eventId < b.eventId ? -1 : 1));
    expect(events.map(({ eventId, data }) => [eventId, data.userId])).toEqual([
      ["c-1", 1],
      ["c-2", 2],
      ["p", undefined],
      ["u", undefined],
    ]);
    expect(events[2]).toEqual({
      eventId: "p",
      type: "product",
      schemaVersion: 1,
      receivedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/),
      data: { id: 1, title: product.title, price: 109.95, category: product.category, extra: { image: "x" } },
    });
    expect(lines.join("")).not.toContain("s3cret");
  });

  it("logs what it rejected, but neither key nor password", async () => {
    const { logGroup: logGroupName } = addresses.functions.accept ?? {};
    const client = new CloudWatchLogsClient(clientSettings(engine.endpoint));
    const { events = [] } = await client.send(new FilterLogEventsCommand({ logGroupName }));
    client.destroy();
    const text = events.map(({ message }) => message).join("");
    expect(text).toMatch(/"message":"event rejected".*"index":4,"type":"product","path":"data.price"/);
    for (const secret of [key, "s3cret"]) expect(text + engineLog.join("")).not.toContain(secret);
  });

  it("refuses at the gateway what has no outline of events, and without the key", async () => {
    expect(await post([{ type: 1 }])).toMatchObject({
      status: 400,
      body: { message: "Invalid request body" },
    });
    expect(await post("null")).toMatchObject({ status: 400, body: { message: "Invalid request body" } });
    expect(await post(Array.from({ length: 501 }, () => ({ type: "cart" })))).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("at most 500 elements") },
    });
    expect(await post({ type: "cart" }, { "x-api-key": "" })).toMatchObject({ status: 403 });
    expect(await post("x".repeat(1024 * 1024 + 1), { "content-type": "text/plain" })).toMatchObject({
      status: 413,
    });
  });

  it("answers a page of an origin that was allowed", async () => {
    const { headers } = await post(
      { type: "product", data: product },
      { origin: ORIGIN, "sec-fetch-site": "cross-site" },
    );
    expect(headers["access-control-allow-origin"]).toBe(ORIGIN);
  });

  it("keeps its key and its events over a restart", async () => {
    const before = await streamed();
    await engine.close();
    await start();
    expect(await readKey()).toBe(key);
    expect((await post({ type: "product", eventId: "after", data: product })).status).toBe(202);
    expect(await streamed()).toHaveLength(before.length + 1);
  });

  it("takes its API along when it goes", async () => {
    await engine.remove(["fakestore"]);
    expect((await post({ type: "product", data: product })).status).toBe(403);
    await engine.deploy(wanted);
    expect(await readKey()).not.toBe(key);
  });
});
