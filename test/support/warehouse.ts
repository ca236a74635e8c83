import { randomBytes } from "node:crypto";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { PublishCommandInput, SNSClient } from "@aws-sdk/client-sns";
import type { SendMessageBatchCommandInput, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import pg from "pg";
import { handleArrivals } from "../../src/lambda/warehouse/run/arrivals.ts";
import { Database } from "../../src/lambda/warehouse/run/database.ts";
import { answer, type DirectAnswer, type DirectRequest } from "../../src/lambda/warehouse/run/direct.ts";
import type { Environment } from "../../src/lambda/warehouse/run/environment.ts";
import type { Invocation } from "../../src/lambda/warehouse/run/invocation.ts";
import type { RunReport } from "../../src/lambda/warehouse/run/report.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";
import { type S3Fixture, startS3 } from "./s3.ts";

const EXPORTS = "exports";
const MINUTE = 60_000;

/** The warehouse's function in this process: a real PostgreSQL, S3 of the engine, recorded mails and dead letters. */
export interface Warehouse {
  postgres: TestPostgres;
  s3: S3Fixture;
  mails: PublishCommandInput[];
  deadLetters: { body: string; cause: { errorCode: string; message: string; path: string } }[];
  log: Record<string, unknown>[];
  /** The function's clock, milliseconds since the epoch. */
  clock: { now: number };
  /** A connection of the owner. */
  client: pg.Client;
  /** Puts a file into `orders_data/` and gives the event's message. */
  put(file: string, content: string | Buffer, metadata?: Record<string, string>): Promise<SQSRecord>;
  /** Invokes the function with messages. */
  arrive(records: readonly SQSRecord[], overrides?: Partial<Invocation>): Promise<SQSBatchResponse>;
  /** Puts files and invokes the function for each, in order. */
  land(files: Record<string, string>, metadata?: Record<string, string>): Promise<void>;
  direct(request: DirectRequest, overrides?: Partial<Invocation>): Promise<DirectAnswer>;
  invocation(overrides?: Partial<Invocation>): Invocation;
  /** Every report, the newest last. */
  reports(): Promise<RunReport[]>;
  object(key: string): Promise<string>;
  /** Rows of a query, values as text. */
  rows(sql: string): Promise<Record<string, string | null>[]>;
  /** A new database and inbox, and nothing recorded. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function startWarehouse(settings: Partial<Environment> = {}): Promise<Warehouse> {
  const [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
  await s3.client.send(new CreateBucketCommand({ Bucket: EXPORTS }));
  const { mails, deadLetters, log, clock } = {
    mails: [] as PublishCommandInput[],
    deadLetters: [] as Warehouse["deadLetters"],
    log: [] as Record<string, unknown>[],
    clock: { now: Date.UTC(2022, 8, 5, 12) },
  };
  let number = 0;
  let environment: Environment;
  let database: Database;
  let client: pg.Client;

  const sns = {
    send: async ({ input }: { input: PublishCommandInput }) => void mails.push(input),
  } as unknown as SNSClient;
  const sqs = {
    send: async ({ input }: { input: SendMessageBatchCommandInput }) => {
      for (const { MessageBody = "", MessageAttributes } of input.Entries ?? []) {
        const cause = JSON.parse(MessageAttributes?.["edp-cause"]?.StringValue ?? "{}");
        deadLetters.push({ body: MessageBody, cause });
      }
      return {};
    },
  } as unknown as SQSClient;
  const secrets = {
    send: async () => ({
      SecretString: JSON.stringify({ username: postgres.username, password: postgres.password }),
    }),
  } as unknown as SecretsManagerClient;

  const reset = async () => {
    await client?.end();
    const name = `test${++number}`;
    await postgres.server.ensureDatabase(name);
    const inbox = `inbox-${number}`;
    await s3.client.send(new CreateBucketCommand({ Bucket: inbox }));
    await s3.client.send(
      new PutBucketVersioningCommand({ Bucket: inbox, VersioningConfiguration: { Status: "Enabled" } }),
    );
    const { host, port, username: user, password } = postgres;
    environment = {
      inbox,
      exports: EXPORTS,
      topicArn: "arn:aws:sns:us-east-1:000000000000:runs",
      dlqUrl: "http://127.0.0.1/dlq",
      database: { host, port, name, secretArn: "secret" },
      project: "edp",
      country: "US",
      rejectLimit: 10,
      maxReceiveCount: 5,
      endpointUrl: s3.endpoint,
      ...settings,
    };
    database = new Database(secrets, environment.database);
    const asText = { getTypeParser: () => (value: string) => value };
    client = new pg.Client({ host, port, user, password, database: name, types: asText });
    await client.connect();
    mails.length = 0;
    deadLetters.length = 0;
    log.length = 0;
  };
  await reset();

  const invocation = (overrides: Partial<Invocation> = {}): Invocation => {
    const logged: Record<string, unknown>[] = [];
    return {
      s3: s3.client,
      sqs,
      sns,
      database,
      environment,
      log: (level, message, fields) => {
        const line = { level, message, ...fields };
        logged.push(line);
        log.push(line);
      },
      logged,
      requestId: "request-1",
      functionName: "edp-local-warehouse-run",
      logGroup: "/aws/lambda/edp-local-warehouse-run",
      now: () => clock.now++,
      remainingMs: () => 10 * MINUTE,
      retryPausesMs: [],
      nonce: () => randomBytes(3).toString("hex"),
      signal: new AbortController().signal,
      ...overrides,
    };
  };
  const put = async (file: string, content: string | Buffer, metadata: Record<string, string> = {}) => {
    const Key = file.includes("/") ? file : `orders_data/${file}`;
    const stored = await s3.client.send(
      new PutObjectCommand({ Bucket: environment.inbox, Key, Body: content, Metadata: metadata }),
    );
    return arrival(environment.inbox, Key, stored.VersionId ?? "");
  };
  const arrive = (records: readonly SQSRecord[], overrides?: Partial<Invocation>) =>
    handleArrivals(records, invocation(overrides));
  const object = async (Key: string) =>
    (await (
      await s3.client.send(new GetObjectCommand({ Bucket: EXPORTS, Key }))
    ).Body?.transformToString()) ?? "";
  return {
    postgres,
    s3,
    mails,
    deadLetters,
    log,
    clock,
    get client() {
      return client;
    },
    put,
    arrive,
    land: async (files, metadata) => {
      for (const [file, content] of Object.entries(files)) await arrive([await put(file, content, metadata)]);
    },
    direct: (request, overrides) => answer(request, invocation(overrides)),
    invocation,
    object,
    reports: async () => {
      const { rows } = await client.query<{ report: string }>(
        "select report from if_common.runs where report is not null order by started_at, run_id",
      );
      return rows.map(({ report }) => JSON.parse(report) as RunReport);
    },
    rows: async (sql) => (await client.query<Record<string, string | null>>(sql)).rows,
    reset,
    close: async () => {
      await client.end();
      await s3.stop();
      await postgres.remove();
    },
  };
}

/** A queue message with S3's notification of one object version. */
export function arrival(bucket: string, key: string, versionId: string, receives = 1): SQSRecord {
  const record = {
    eventName: "ObjectCreated:Put",
    eventTime: "2022-09-05T11:59:00.000Z",
    s3: { bucket: { name: bucket }, object: { key: encodeURIComponent(key), size: 1, versionId, eTag: "x" } },
  };
  return {
    messageId: randomBytes(8).toString("hex"),
    receiptHandle: "handle",
    body: JSON.stringify({ Records: [record] }),
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: "0",
      SenderId: "",
      ApproximateFirstReceiveTimestamp: "0",
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:arrived",
    awsRegion: "us-east-1",
  };
}
