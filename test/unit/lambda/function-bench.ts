import type { SQSClient } from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { convertBatch } from "../../../src/lambda/spotify/to-parquet/batch.ts";
import type { FakeS3 } from "./fake-s3.ts";

export const BRONZE = "edp-test-bronze";
export const STAGING = "edp-test-staging";
export const EVENT_TIME = "2026-01-01T23:59:58Z";

export const track = (id: string, more: object = {}) => ({
  id,
  type: "track",
  name: `Track ${id}`,
  duration_ms: 180_000,
  artists: [{ id: "a1", name: "Ünder 東京", type: "artist" }],
  ...more,
});

let messageCount = 0;

export function message(body: string, attributes: SQSRecord["messageAttributes"] = {}): SQSRecord {
  return {
    messageId: `m${++messageCount}`,
    receiptHandle: "handle",
    body,
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "0",
      SenderId: "sender",
      ApproximateFirstReceiveTimestamp: "0",
    },
    messageAttributes: attributes,
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:landed",
    awsRegion: "us-east-1",
  };
}

/** The message that S3, EventBridge and SNS make of an object version. */
export function created(
  key: string,
  version: string,
  { size = 100, time = EVENT_TIME, bucket = BRONZE, attributes = {} as SQSRecord["messageAttributes"] } = {},
): SQSRecord {
  const event = {
    version: "0",
    id: `event of ${key}`,
    "detail-type": "Object Created",
    source: "aws.s3",
    time,
    detail: {
      bucket: { name: bucket },
      object: { key, size, etag: "e", "version-id": version },
      reason: "PutObject",
    },
  };
  return message(JSON.stringify({ Type: "Notification", Message: JSON.stringify(event) }), attributes);
}

interface SentEntry {
  MessageBody: string;
  MessageAttributes: Record<string, { StringValue?: string; DataType: string }>;
}

/** An SQS that remembers what was sent, or refuses it. */
export class FakeSqs {
  readonly sent: SentEntry[] = [];
  refuse: Error | undefined;

  get client(): SQSClient {
    return this as unknown as SQSClient;
  }

  async send(command: { input: { Entries: SentEntry[] } }) {
    if (this.refuse) throw this.refuse;
    this.sent.push(...command.input.Entries);
    return { Successful: [], Failed: [] };
  }

  get causes(): Record<string, string>[] {
    return this.sent.map((entry) => JSON.parse(entry.MessageAttributes["edp-cause"]?.StringValue ?? "{}"));
  }
}

/** Runs the function's batches on fakes, as one invocation after the other. */
export class FunctionBench {
  readonly sqs = new FakeSqs();
  readonly lines: Record<string, unknown>[] = [];
  nowMs = Date.UTC(2026, 0, 2);
  remainingMs = 60_000;
  memoryMb = 1024;
  #invocations = 0;

  constructor(readonly s3: FakeS3) {
    s3.now = () => this.nowMs;
  }

  run(...records: SQSRecord[]): Promise<SQSBatchResponse> {
    const requestId = `r${++this.#invocations}`;
    let outputs = 0;
    return convertBatch(records, {
      s3: this.s3.client,
      sqs: this.sqs.client,
      environment: { bronze: BRONZE, staging: STAGING, dlqUrl: "http://dlq", endpointUrl: undefined },
      log: (level, text, fields) => this.lines.push({ level, message: text, requestId, ...fields }),
      requestId,
      functionName: "edp-test-spotify-to-parquet",
      memoryBytes: this.memoryMb * 1024 * 1024,
      now: () => this.nowMs,
      remainingMs: () => this.remainingMs,
      nonce: () => `n${++outputs}`,
      signal: new AbortController().signal,
    });
  }

  /** Runs an invocation whose process dies at the given step, before or after it takes effect in S3. */
  async crash(
    at: { step: "before" | "after"; command: string; prefix: string },
    ...records: SQSRecord[]
  ): Promise<void> {
    let died = () => {};
    const death = new Promise<void>((resolve) => {
      died = resolve;
    });
    this.s3[at.step] = (command, key) => {
      if (command !== at.command || !key.startsWith(at.prefix)) return;
      this.s3.dead = true;
      died();
    };
    const outlived = await Promise.race([death, this.run(...records)]);
    if (outlived) throw new Error(`the invocation never came to ${at.step} ${at.command} ${at.prefix}`);
    this.s3.dead = false;
    this.s3[at.step] = () => {};
  }

  outputs(): string[] {
    return this.s3.keys(STAGING, "dataset=");
  }

  get outcome(): Record<string, unknown> | undefined {
    return this.lines.findLast((line) => line.message === "batch done");
  }
}

export const failedIds = (response: SQSBatchResponse): string[] =>
  response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
