import { PutObjectCommand } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimKey } from "../../src/lambda/shared/claims.ts";
import { ClaimProof } from "../../src/reconcile/claim-proof.ts";
import { DeadLetterProof } from "../../src/reconcile/dead-letter-proof.ts";
import type { Proof } from "../../src/reconcile/proof.ts";
import { Tally, versionKey } from "../../src/reconcile/tally.ts";
import { settleAll, type WaitParts, waitForRun } from "../../src/reconcile/wait.ts";
import { type Messaging, startMessaging } from "../support/messaging.ts";
import { type S3Fixture, startS3 } from "../support/s3.ts";

let s3: S3Fixture;
let messaging: Messaging;
let dlq: { url: string; arn: string };
let clock: number;
/** What happens while the wait pauses for the nth time. */
let meanwhile: (pauses: number) => Promise<void> | void;
let processed: string[];

beforeEach(async () => {
  [s3, messaging] = await Promise.all([startS3(), startMessaging()]);
  await s3.service.createBucket("staging", { versioned: true, eventBridge: false });
  dlq = await messaging.queue("landed-dlq");
  clock = 0;
  processed = [];
  meanwhile = () => {};
});
afterEach(async () => {
  await s3.stop();
  await messaging.close();
});

function tallyOf(...keys: string[]): Tally {
  const tally = new Tally();
  for (const key of keys) tally.accept({ key, versionId: "1" });
  return tally;
}

/** Outputs that a test says have come. */
const outputs = (next: () => string[] = () => processed.splice(0)): Proof => ({
  async *find() {
    for (const id of next()) yield { id, end: { state: "processed", output: "s3://staging/x" } };
  },
});

function wait(
  tally: Tally,
  { proof = outputs(), ...overrides }: Partial<WaitParts> & { proof?: Proof } = {},
) {
  let pauses = 0;
  const look = { parallel: 4, waitSeconds: 0, now: () => clock, signal: new AbortController().signal };
  const proofs = [
    proof,
    new DeadLetterProof(messaging.clients.sqs, dlq.url, "bronze", look),
    new ClaimProof(s3.client, "staging", "bronze"),
  ];
  const settler = {
    get counts() {
      return tally.counts;
    },
    get deadLetters() {
      return tally.deadLetters;
    },
    look: (thorough: boolean) => settleAll(tally, proofs, thorough),
  };
  return waitForRun(settler, {
    timeoutMs: 10_000,
    pollMs: 1_000,
    now: () => clock,
    pause: async (ms) => {
      clock += ms;
      await meanwhile(++pauses);
    },
    signal: new AbortController().signal,
    onProgress: () => {},
    ...overrides,
  });
}

/** An S3 event as it arrives in the queue behind the topic. */
function landed(key: string, bucket = "bronze"): string {
  const object = { key, size: 1, etag: "e", "version-id": "1" };
  const event = {
    source: "aws.s3",
    "detail-type": "Object Created",
    time: "2026-11-21T03:15:02Z",
    detail: { bucket: { name: bucket }, object },
  };
  const TopicArn = "arn:aws:sns:us-east-1:000000000000:landed";
  return JSON.stringify({ Type: "Notification", TopicArn, Message: JSON.stringify(event) });
}

function deadLetter(body: string, cause?: object) {
  const MessageAttributes = cause && {
    "edp-cause": { DataType: "String", StringValue: JSON.stringify(cause) },
  };
  return messaging.clients.sqs.send(
    new SendMessageCommand({ QueueUrl: dlq.url, MessageBody: body, MessageAttributes }),
  );
}

describe("waiting for a run", () => {
  it("ends as soon as everything is processed", async () => {
    meanwhile = (pauses) => {
      if (pauses === 2) processed.push(versionKey("a", "1"));
      if (pauses === 4) processed.push(versionKey("b", "1"));
    };
    expect(await wait(tallyOf("a", "b"))).toMatchObject({ processed: 2, missing: 0, timedOut: false });
    expect(clock).toBe(4_000);
  });

  it("ends at the timeout, with what is missing", async () => {
    processed.push(versionKey("a", "1"));
    expect(await wait(tallyOf("a", "b"))).toMatchObject({ processed: 1, missing: 1, timedOut: true });
    expect(clock).toBe(10_000);
  });

  it("finds dead letters with their cause, and gives them back untouched", async () => {
    await deadLetter(landed("a"), {
      errorCode: "SCHEMA_MISMATCH",
      path: "duration_ms",
      message: "expected integer",
    });
    await deadLetter(landed("b"));
    await deadLetter(landed("a", "another-bucket"));
    await deadLetter("not an event");
    expect(await wait(tallyOf("a", "b"))).toMatchObject({
      deadLettered: 2,
      missing: 0,
      deadLetters: [
        { key: "a", errorCode: "SCHEMA_MISMATCH", path: "duration_ms", message: "expected integer" },
        { key: "b", errorCode: null, path: null, message: null },
      ],
    });
    const { Attributes } = await messaging.clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: dlq.url, AttributeNames: ["ApproximateNumberOfMessages"] }),
    );
    expect(Attributes?.ApproximateNumberOfMessages).toBe("4");
  });

  it("looks through a dead-letter queue of more than one receive", async () => {
    const keys = Array.from({ length: 37 }, (_, n) => `raw/tracks/${n}.json`);
    for (const key of keys) await deadLetter(landed(key));
    expect(await wait(tallyOf(...keys))).toMatchObject({ deadLettered: 37, missing: 0 });
  });

  it("finds dead letters that come later", async () => {
    meanwhile = async (pauses) => {
      if (pauses === 3) await deadLetter(landed("a"));
    };
    expect(await wait(tallyOf("a"))).toMatchObject({ deadLettered: 1, timedOut: false });
  });

  it("finds what was rejected for good in the claims", async () => {
    const source = { bucket: "bronze", key: "a", version: "1" };
    const rejected = { errorCode: "NOT_JSON", path: "", message: "no" };
    await s3.client.send(
      new PutObjectCommand({
        Bucket: "staging",
        Key: claimKey(source.bucket, source.key, source.version),
        Body: JSON.stringify({ source, rejected, supersededBy: "2", requestId: "r" }),
      }),
    );
    expect(await wait(tallyOf("a"))).toMatchObject({ rejected: 1, missing: 0, timedOut: false });
  });

  it("does not take a claim without its output for an end", async () => {
    const source = { bucket: "bronze", key: "a", version: "1" };
    await s3.client.send(
      new PutObjectCommand({
        Bucket: "staging",
        Key: claimKey(source.bucket, source.key, source.version),
        Body: JSON.stringify({ source, output: "dataset=x", requestId: "r", expiresAt: 0 }),
      }),
    );
    expect(await wait(tallyOf("a"))).toMatchObject({ rejected: 0, missing: 1, timedOut: true });
  });

  it("goes on when the engine is away for a while", async () => {
    let calls = 0;
    const proof = outputs(() => {
      if (++calls < 4) throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
      return [versionKey("a", "1")];
    });
    expect(await wait(tallyOf("a"), { proof })).toMatchObject({ processed: 1, timedOut: false });
  });

  it("ends with the signal's reason when interrupted", async () => {
    const abort = new AbortController();
    const pause: WaitParts["pause"] = async () => {
      abort.abort(new Error("interrupted"));
      abort.signal.throwIfAborted();
    };
    await expect(wait(tallyOf("a"), { pause, signal: abort.signal })).rejects.toThrow("interrupted");
  });
});
