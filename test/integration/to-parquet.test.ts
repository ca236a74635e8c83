import {
  type _Object,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSRecord } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { convertBatch } from "../../src/lambda/spotify/to-parquet/batch.ts";
import { systemClock } from "../../src/local/clock.ts";
import { createS3 } from "../../src/local/s3/service.ts";
import { createSqs } from "../../src/local/sqs/service.ts";
import { listProcessed } from "../../src/reconcile/outputs.ts";
import { versionKey } from "../../src/reconcile/tally.ts";
import { engineParts, serve, temporaryDirectory } from "../support/services.ts";
import { queryParquet } from "../unit/lambda/duckdb.ts";
import { created, failedIds, track } from "../unit/lambda/function-bench.ts";

const BRONZE = "bronze";
const STAGING = "staging";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: Awaited<ReturnType<typeof serve>>;
let s3: S3Client;
let sqs: SQSClient;
let dlqUrl: string;
let invocations = 0;

beforeAll(async () => {
  directory = await temporaryDirectory();
  const parts = engineParts({
    clock: systemClock,
    dataDirectory: directory.path,
    endpoint: () => server.endpoint,
    wiring: { putEvent: async () => {}, deliver: async () => {} },
  });
  server = await serve({ s3: await createS3(parts), sqs: await createSqs(parts) });
  s3 = new S3Client(server.settings);
  sqs = new SQSClient(server.settings);
  for (const Bucket of [BRONZE, STAGING]) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  }
  dlqUrl = (await sqs.send(new CreateQueueCommand({ QueueName: "landed-dlq" }))).QueueUrl ?? "";
});

afterAll(async () => {
  await server.close();
  await directory.remove();
});

const run = (records: SQSRecord[], given: { s3?: S3Client; now?: () => number } = {}) => {
  const requestId = `request-${++invocations}`;
  return convertBatch(records, {
    s3: given.s3 ?? s3,
    sqs,
    environment: { bronze: BRONZE, staging: STAGING, dlqUrl, endpointUrl: server.endpoint },
    log: () => {},
    requestId,
    functionName: "to-parquet",
    memoryBytes: 1024 * 1024 * 1024,
    now: given.now ?? Date.now,
    remainingMs: () => 60_000,
    nonce: () => String(invocations),
    signal: AbortSignal.timeout(60_000),
  });
};

const land = async (id: string, body: string = JSON.stringify(track(id))) => {
  const key = `raw/tracks/${id}.json`;
  const { VersionId = "" } = await s3.send(new PutObjectCommand({ Bucket: BRONZE, Key: key, Body: body }));
  return { key, version: VersionId, message: created(key, VersionId, { bucket: BRONZE }) };
};

const outputs = async (): Promise<Buffer[]> => {
  const listed = await s3.send(new ListObjectsV2Command({ Bucket: STAGING, Prefix: "dataset=" }));
  return Promise.all(
    (listed.Contents ?? []).map(async ({ Key }: _Object) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: STAGING, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    }),
  );
};

const rowsOf = async (prefix: string) =>
  (
    await queryParquet(
      directory.path,
      await outputs(),
      `select id from FILE where id like '${prefix}%' order by id`,
    )
  ).map(({ id }) => id);

/** A client whose process is gone from the given step on. */
const dyingClient = (command: string, prefix: string): { client: S3Client; death: Promise<void> } => {
  const client = new S3Client(server.settings);
  let dead = false;
  let died = () => {};
  const death = new Promise<void>((resolve) => {
    died = resolve;
  });
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (dead) return new Promise(() => {});
      const answer = await next(args);
      const { Key = "" } = args.input as { Key?: string };
      if (context.commandName !== `${command}Command` || !Key.startsWith(prefix)) return answer;
      dead = true;
      died();
      return new Promise(() => {});
    },
    { step: "initialize" },
  );
  return { client, death };
};

describe("to-parquet on the engine's S3 and SQS", () => {
  it("turns 500 objects into one file that lists all of them, once", async () => {
    const landed = await Promise.all(Array.from({ length: 500 }, (_, index) => land(`many${index}`)));
    const messages = landed.map(({ message }) => message);
    expect(failedIds(await run(messages))).toEqual([]);
    expect(failedIds(await run(messages))).toEqual([]);
    expect(await rowsOf("many")).toHaveLength(500);
    const processed = await listProcessed(s3, STAGING);
    for (const { key, version } of landed) expect(processed.has(versionKey(key, version))).toBe(true);
    expect(new Set(processed.values()).size).toBe(1);
    const known = new Set(processed.values());
    expect((await listProcessed(s3, STAGING, { known })).size).toBe(0);
    expect((await listProcessed(s3, STAGING, { since: new Date(Date.now() + 60_000) })).size).toBe(0);
    expect((await listProcessed(s3, STAGING, { prefixes: ["dataset=albums/"] })).size).toBe(0);
  });

  it.each([
    ["between the claim and the write", "PutObject", "_claims/"],
    ["between the write and the return", "PutObject", "dataset="],
  ])("survives a process that dies %s", async (when, command, prefix) => {
    const name = `crash-${when.length}-`;
    const [a, b, c] = await Promise.all([land(`${name}a`), land(`${name}b`), land(`${name}c`)]);
    const { client, death } = dyingClient(command, prefix);
    await Promise.race([death, run([a.message, b.message], { s3: client })]);
    await run([b.message, c.message]);
    const later = () => Date.now() + 11_000;
    expect(failedIds(await run([c.message, a.message, b.message], { now: later }))).toEqual([]);
    expect(await rowsOf(name)).toEqual([`${name}a`, `${name}b`, `${name}c`]);
  });

  it("sends a deleted version and a broken one to the DLQ with the original body and the cause", async () => {
    const gone = await land("gone");
    await s3.send(new DeleteObjectCommand({ Bucket: BRONZE, Key: gone.key, VersionId: gone.version }));
    const broken = await land("broken", '{"id":"broken","type":"tra');
    expect(failedIds(await run([gone.message, broken.message]))).toEqual([]);
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: dlqUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
      }),
    );
    const found = Messages.map(({ Body, MessageAttributes }) => ({
      body: Body,
      errorCode: JSON.parse(MessageAttributes?.["edp-cause"]?.StringValue ?? "{}").errorCode,
    }));
    expect(found).toContainEqual({ body: gone.message.body, errorCode: "OBJECT_NOT_FOUND" });
    expect(found).toContainEqual({ body: broken.message.body, errorCode: "TRUNCATED_JSON" });
  });
});
