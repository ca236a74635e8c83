import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { S3Client } from "@aws-sdk/client-s3";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DynamoDbFixture, startDynamoDb } from "../../support/dynamodb.ts";
import { type Messaging, startMessaging } from "../../support/messaging.ts";
import { type Moto, startMoto } from "../../support/moto.ts";
import { type S3Fixture, startS3 } from "../../support/s3.ts";
import { clientSettings } from "../../support/services.ts";
import { type Streaming, startStreaming } from "../../support/streaming.ts";

/** One of the two that answer: edp's engine, or moto. */
export interface Side {
  s3: S3Client;
  sqs: SQSClient;
  sns: SNSClient;
  events: EventBridgeClient;
  dynamodb: DynamoDBClient;
  kinesis: KinesisClient;
  /** Account id in its ARNs. */
  account: string;
  /** The answer to a call; of moto, where it is wrong, what AWS documents instead. */
  documented<T>(answer: T, call: () => Promise<T>): Promise<T>;
  /** Lets time pass: by the clock where it can be moved, by waiting elsewhere. */
  pass(ms: number): Promise<void>;
}

/** A sequence of SDK calls; what it returns is compared. Names must not occur in another scenario. */
export type Scenario = (side: Side) => Promise<unknown>;

/** Runs both sides for the tests of one file. */
export function bothSides(): { same(what: string, scenario: Scenario): void } {
  let moto: Moto;
  let engine: Messaging;
  let s3: S3Fixture;
  let db: DynamoDbFixture;
  let streaming: Streaming;
  beforeAll(async () => {
    [moto, engine, s3, db, streaming] = await Promise.all([
      startMoto(),
      startMessaging(),
      startS3(),
      startDynamoDb(),
      startStreaming(),
    ]);
  });
  afterAll(async () => {
    await streaming?.close();
    await db?.stop();
    await s3?.stop();
    await engine?.close();
    await moto?.stop();
  });
  return {
    same: (what, scenario) => {
      it(what, async () => {
        const { clients, clock } = engine;
        const ours: Side = {
          ...clients,
          s3: s3.client,
          dynamodb: db.client,
          kinesis: streaming.clients.kinesis,
          account: "000000000000",
          documented: (_answer, call) => call(),
          pass: (ms) => clock.advance(ms),
        };
        const answer = await scenario(ours);
        expect(normalised(answer, ours.account)).toEqual(
          normalised(await scenario(motoSide(moto)), MOTO_ACCOUNT),
        );
        expect(answer).toBeDefined();
      });
    },
  };
}

const MOTO_ACCOUNT = "123456789012";

function motoSide({ endpoint }: Moto): Side {
  const settings = clientSettings(endpoint);
  return {
    s3: new S3Client(settings),
    sqs: new SQSClient(settings),
    sns: new SNSClient(settings),
    events: new EventBridgeClient(settings),
    dynamodb: new DynamoDBClient(settings),
    // moto has no HTTP/2.
    kinesis: new KinesisClient({ ...settings, requestHandler: new NodeHttpHandler() }),
    account: MOTO_ACCOUNT,
    documented: async (answer) => answer,
    // The one place that waits: moto has no clock that could be moved.
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms + 50)),
  };
}

/** The name of the error that a call ends with, or `accepted`. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "accepted";
  } catch (error) {
    return (error as Error).name;
  }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Replaces what differs by nature: ids, URLs, accounts, times, signatures and the response's metadata. */
function normalised(value: unknown, account: string): unknown {
  if (typeof value === "string") {
    return value
      .replace(UUID, "<uuid>")
      .replaceAll(account, "<account>")
      .replace(/http:\/\/127\.0\.0\.1:\d+/g, "<endpoint>")
      .replace(/^\d{13}$/, "<ms>")
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>");
  }
  if (Array.isArray(value)) return value.map((item) => normalised(item, account));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const kept = Object.entries(value).filter(([key, item]) => {
    // AWS leaves a batch's empty list of failures out, moto sends it: SDK users read both alike.
    const noFailures = key === "Failed" && Array.isArray(item) && item.length === 0;
    return key !== "$metadata" && item !== undefined && !noFailures;
  });
  return Object.fromEntries(
    kept.map(([key, item]) => [key, OPAQUE.has(key) ? `<${key}>` : normalised(item, account)]),
  );
}

/** Members whose values mean nothing to the other side. */
const OPAQUE = new Set([
  "UploadId",
  "VersionId",
  "NextContinuationToken",
  "ContinuationToken",
  "LastModified",
  "CreationDate",
  "Owner",
  "Initiator",
  "ReceiptHandle",
  "SequenceNumber",
  "StartingSequenceNumber",
  "NextShardIterator",
  "ShardIterator",
  "StreamCreationTimestamp",
  "ApproximateArrivalTimestamp",
  "SenderId",
  "Signature",
  "SigningCertURL",
  "UnsubscribeURL",
]);
