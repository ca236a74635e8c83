import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { FirehoseClient, ListDeliveryStreamsCommand } from "@aws-sdk/client-firehose";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ListSubscriptionsByTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { ListQueuesCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { strToU8, zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeployRequest, Engine } from "../../src/local/engine.ts";
import type { Pipeline } from "../../src/topology/types.ts";
import { startTestEngine } from "../support/engine.ts";
import { clientSettings, temporaryDirectory } from "../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let engine: Engine;
let plain: Pipeline;
let zip: string;

const data = () => path.join(directory.path, "data");
const request = (...pipelines: Pipeline[]): DeployRequest => ({
  project: "edp",
  pipelines,
  zips: Object.fromEntries(pipelines.map(({ name }) => [`${name}-worker`, zip])),
  awsTiming: false,
});

beforeEach(async () => {
  directory = await temporaryDirectory();
  zip = path.join(directory.path, "worker.zip");
  await writeFile(zip, zipSync({ "index.mjs": strToU8("export const handler = async () => ({});") }));
  plain = JSON.parse(await readFile("test/fixtures/topology/valid/plain.json", "utf8")) as Pipeline;
  engine = await startTestEngine(data());
});
afterEach(async () => {
  await engine.close();
  await directory.remove();
});

/** `plain` with its function moved to a second queue, which alone stays subscribed. */
function rewired(): Pipeline {
  const changed = structuredClone(plain);
  const { work } = changed.queues;
  const { worker } = changed.functions;
  if (!work || !worker) throw new Error("plain.json has changed");
  changed.queues.second = structuredClone(work);
  work.from = [];
  Object.assign(worker.from, { queue: "second" });
  return changed;
}

describe("a deployment tells what it did to a pipeline", () => {
  const change = async (wanted: DeployRequest) => (await engine.deploy(wanted)).changes.plain;

  it("added, then unchanged, also after a restart of the engine", async () => {
    expect(await change(request(plain))).toBe("added");
    expect(await change(request(plain))).toBe("unchanged");
    await engine.close();
    engine = await startTestEngine(data());
    expect(await change(request(plain))).toBe("unchanged");
  });

  it("updated when the declaration, a bundle or the timing is another", async () => {
    await engine.deploy(request(plain));
    expect(await change(request(rewired()))).toBe("updated");
    expect(await change({ ...request(rewired()), awsTiming: true })).toBe("updated");
    await writeFile(zip, zipSync({ "index.mjs": strToU8("export const handler = async () => 1;") }));
    expect(await change({ ...request(rewired()), awsTiming: true })).toBe("updated");
    expect(await change({ ...request(rewired()), awsTiming: true })).toBe("unchanged");
  });
});

describe("an engine whose record an earlier version wrote", () => {
  it("brings back the pipelines, which lack the kinds that there were not yet", async () => {
    await engine.deploy(request(plain));
    await engine.close();
    const file = path.join(data(), "deployed.json");
    const record = JSON.parse(await readFile(file, "utf8")) as { pipelines: Record<string, unknown>[] }[];
    for (const kind of ["tables", "databases", "streams", "deliveries", "apis"]) {
      delete record[0]?.pipelines[0]?.[kind];
    }
    await writeFile(file, JSON.stringify(record));
    engine = await startTestEngine(data());
    expect(Object.keys(engine.deployment().pipelines.plain?.addresses.queues ?? {})).toEqual(["work"]);
    expect((await engine.deploy(request(plain))).changes.plain).toBe("unchanged");
  });
});

describe("a pipeline with every kind of thing", () => {
  it("is brought up, made smaller and removed, and leaves nothing behind", async () => {
    const text = await readFile("test/fixtures/topology/valid/every-kind.json", "utf8");
    const every = JSON.parse(text) as Pipeline;
    const zips = Object.fromEntries(Object.keys(every.functions).map((key) => [`every-kind-${key}`, zip]));
    const before = await physicalNamesOn(engine.endpoint);
    const { pipelines } = await engine.deploy({ ...request(every), zips });
    expect(await physicalNamesOn(engine.endpoint)).toEqual({
      queues: expect.arrayContaining(["edp-local-every-kind-arrived", "edp-local-every-kind-arrived-dlq"]),
      tables: ["edp-local-every-kind-claims", "edp-local-every-kind-customers"],
      streams: ["edp-local-every-kind-audit", "edp-local-every-kind-events"],
      deliveries: ["edp-local-every-kind-audit", "edp-local-every-kind-events"],
    });
    expect(pipelines["every-kind"]?.addresses.apis.store?.url).toMatch(/\/v1\/_user_request_$/);

    const { customers } = every.tables;
    const { events } = every.streams;
    const { events: delivered } = every.deliveries;
    if (!customers || !events || !delivered) throw new Error("every-kind.json has changed");
    const smaller = {
      ...every,
      tables: { customers },
      streams: { events },
      deliveries: { events: delivered },
    };
    await engine.deploy({ ...request(smaller), zips });
    expect(await physicalNamesOn(engine.endpoint)).toMatchObject({
      tables: ["edp-local-every-kind-customers"],
      streams: ["edp-local-every-kind-events"],
      deliveries: ["edp-local-every-kind-events"],
    });

    expect((await engine.remove(["every-kind"])).pipelines).toEqual({});
    expect(await physicalNamesOn(engine.endpoint)).toEqual(before);
  });
});

async function physicalNamesOn(endpoint: string) {
  const settings = clientSettings(endpoint);
  const kinesis = new KinesisClient({ ...settings, requestHandler: new NodeHttpHandler() });
  const [{ QueueUrls = [] }, { TableNames = [] }, { StreamNames = [] }, { DeliveryStreamNames = [] }] =
    await Promise.all([
      new SQSClient(settings).send(new ListQueuesCommand({})),
      new DynamoDBClient(settings).send(new ListTablesCommand({})),
      kinesis.send(new ListStreamsCommand({})),
      new FirehoseClient(settings).send(new ListDeliveryStreamsCommand({})),
    ]);
  return {
    queues: QueueUrls.map((url) => url.split("/").at(-1)).sort(),
    tables: TableNames.sort(),
    streams: StreamNames.sort(),
    deliveries: DeliveryStreamNames.sort(),
  };
}

/** `plain` whose queue hears straight from a bucket, with a table. */
function withTable(): Pipeline {
  const changed = structuredClone(plain);
  const { work } = changed.queues;
  if (!work) throw new Error("plain.json has changed");
  work.from = [{ bucket: "out", prefix: "incoming/", suffix: ".csv" }];
  changed.tables.customers = {
    hashKey: { name: "id", type: "S" },
    rangeKey: null,
    indexes: { "by-day": { hashKey: { name: "day", type: "S" }, rangeKey: null } },
    ttlAttribute: "expiresAt",
    pointInTimeRecovery: true,
  };
  changed.functions = {};
  return changed;
}

describe("a pipeline with a table, and a queue that hears from a bucket", () => {
  it("gets both, keeps what they hold over a restart, and loses no item unasked", async () => {
    const settings = () => clientSettings(engine.endpoint);
    const { pipelines } = await engine.deploy(request(withTable()));
    const { buckets, queues, tables } = pipelines.plain?.addresses ?? {};
    const TableName = tables?.customers?.name;
    await new S3Client(settings()).send(
      new PutObjectCommand({ Bucket: buckets?.out?.name, Key: "incoming/a b.csv", Body: "1" }),
    );
    await new DynamoDBClient(settings()).send(new PutItemCommand({ TableName, Item: { id: { S: "1" } } }));
    await engine.close();
    engine = await startTestEngine(data());
    const { pathname } = new URL(queues?.work?.url ?? "");
    const received = await new SQSClient(settings()).send(
      new ReceiveMessageCommand({ QueueUrl: `${engine.endpoint}${pathname}`, MaxNumberOfMessages: 10 }),
    );
    const bodies = (received.Messages ?? []).map(({ Body = "" }) => JSON.parse(Body));
    const told = bodies.map(({ Event, Records }) => Event ?? Records[0].s3.object.key);
    expect(told.sort()).toEqual(["incoming/a+b.csv", "s3:TestEvent"]);
    const { Table } = await new DynamoDBClient(settings()).send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({ ItemCount: 1, GlobalSecondaryIndexes: [{ IndexName: "by-day" }] });

    await expect(engine.deploy(request(plain))).rejects.toMatchObject({
      code: "DataWouldBeLost",
      message: expect.stringContaining(`${TableName} (1 items)`),
    });
    await engine.remove(["plain"]);
    const { TableNames } = await new DynamoDBClient(settings()).send(new ListTablesCommand({}));
    expect(TableNames).toEqual([]);
  });
});

describe("a pipeline that is deployed anew with other edges", () => {
  it("loses the subscription and the event source mapping that are no longer declared", async () => {
    await engine.deploy(request(plain));
    const { pipelines } = await engine.deploy(request(rewired()));
    const settings = clientSettings(engine.endpoint);
    const TopicArn = pipelines.plain?.addresses.topics.arrivals?.arn;
    const { Subscriptions = [] } = await new SNSClient(settings).send(
      new ListSubscriptionsByTopicCommand({ TopicArn }),
    );
    expect(Subscriptions.map(({ Endpoint }) => Endpoint?.split(":").at(-1))).toEqual([
      expect.stringMatching(/second$/),
    ]);
    const { EventSourceMappings = [] } = await new LambdaClient(settings).send(
      new ListEventSourceMappingsCommand({}),
    );
    expect(EventSourceMappings.map(({ EventSourceArn }) => EventSourceArn)).toEqual([
      expect.stringMatching(/second$/),
    ]);
  });

  it("is refused, and nothing changes, when a bucket with objects would go", async () => {
    const { pipelines } = await engine.deploy(request(plain));
    const Bucket = pipelines.plain?.addresses.buckets.out?.name;
    const s3 = new S3Client(clientSettings(engine.endpoint));
    await s3.send(new PutObjectCommand({ Bucket, Key: "kept", Body: "1" }));
    const { out: _, ...buckets } = plain.buckets;
    await expect(engine.deploy(request({ ...rewired(), buckets }))).rejects.toMatchObject({
      code: "DataWouldBeLost",
      message: expect.stringContaining(`${Bucket}`),
    });
    expect(Object.keys(engine.deployment().pipelines.plain?.topology.queues ?? {})).toEqual(["work"]);
    await s3.send(new PutObjectCommand({ Bucket, Key: "still there", Body: "1" }));
  });
});

describe("an engine that starts again", () => {
  it("forgets no pipeline when it fails in the middle of bringing them up", async () => {
    const other = { ...plain, name: "zother" };
    await engine.deploy(request(plain, other));
    await engine.close();
    const bundle = path.join(data(), "bundles", "zother-worker.zip");
    await rename(bundle, `${bundle}.away`);
    const { port } = engine;
    await expect(startTestEngine(data(), { port })).rejects.toThrow("zother-worker.zip");
    await rename(`${bundle}.away`, bundle);
    // The same port: the engine that failed holds nothing.
    engine = await startTestEngine(data(), { port });
    expect(Object.keys(engine.deployment().pipelines)).toEqual(["plain", "zother"]);
  });

  it("carries deployments out one after the other", async () => {
    const results = await Promise.all([
      engine.deploy(request(plain)),
      engine.deploy(request(rewired())),
      engine.deploy(request(plain)),
    ]);
    const queues = results.map(({ pipelines }) => Object.keys(pipelines.plain?.topology.queues ?? {}));
    expect(queues).toEqual([["work"], ["work", "second"], ["work"]]);
  });
});

describe("a page in this machine's browser", () => {
  it("cannot send into a queue, though it needs no leave for a form", async () => {
    const { pipelines } = await engine.deploy(request(plain));
    const url = pipelines.plain?.addresses.queues.work?.dlqUrl ?? "";
    const form = new URLSearchParams({ Action: "SendMessage", MessageBody: "forged", QueueUrl: url });
    const send = (headers: Record<string, string>) =>
      fetch(`${engine.endpoint}/?X-Amz-Credential=a/20260101/us-east-1/sqs/aws4_request`, {
        method: "POST",
        body: form,
        headers,
      });
    expect((await send({ origin: "https://evil.example" })).status).toBe(403);
    expect((await send({})).status).toBe(200);
  });
});
