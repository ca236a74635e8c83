import { gunzipSync } from "node:zlib";
import {
  CreateDeliveryStreamCommand,
  DeleteDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  ListDeliveryStreamsCommand,
  PutRecordBatchCommand,
  PutRecordCommand,
  UpdateDestinationCommand,
} from "@aws-sdk/client-firehose";
import { CreateStreamCommand, DeleteStreamCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Streaming, startStreaming } from "../support/streaming.ts";

const BUCKET = "lake";
const HOUR = 3_600_000;

let engine: Streaming;
beforeEach(async () => {
  engine = await startStreaming();
  await engine.clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await engine.clients.kinesis.send(
    new CreateStreamCommand({ StreamName: "events", StreamModeDetails: { StreamMode: "ON_DEMAND" } }),
  );
});
afterEach(() => engine.close());

const BY_TYPE: Partial<ExtendedS3DestinationConfiguration> = {
  Prefix: "events/type=!{partitionKeyFromQuery:type}/year=!{timestamp:yyyy}/hour=!{timestamp:HH}/",
  ErrorOutputPrefix: "errors/!{firehose:error-output-type}/",
  BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
  DynamicPartitioningConfiguration: { Enabled: true },
  ProcessingConfiguration: {
    Enabled: true,
    Processors: [
      {
        Type: "MetadataExtraction",
        Parameters: [
          { ParameterName: "MetadataExtractionQuery", ParameterValue: "{type:.type}" },
          { ParameterName: "JsonParsingEngine", ParameterValue: "JQ-1.6" },
        ],
      },
    ],
  },
};

function create(more: Partial<ExtendedS3DestinationConfiguration> = {}, stream: string | null = "events") {
  return engine.clients.firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: "to-lake",
      ...(stream === null
        ? {}
        : {
            DeliveryStreamType: "KinesisStreamAsSource",
            KinesisStreamSourceConfiguration: {
              KinesisStreamARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`,
              RoleARN: "arn:aws:iam::000000000000:role/r",
            },
          }),
      ExtendedS3DestinationConfiguration: {
        RoleARN: "arn:aws:iam::000000000000:role/r",
        BucketARN: `arn:aws:s3:::${BUCKET}`,
        CompressionFormat: "GZIP",
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
        ...more,
      },
    }),
  );
}

async function put(...records: (object | string)[]): Promise<void> {
  for (let at = 0; at < records.length; at += 500) {
    const Records = records.slice(at, at + 500).map((record, index) => ({
      Data: Buffer.from(typeof record === "string" ? record : `${JSON.stringify(record)}\n`),
      PartitionKey: String(at + index),
    }));
    const { FailedRecordCount } = await engine.clients.kinesis.send(
      new PutRecordsCommand({ StreamName: "events", Records }),
    );
    expect(FailedRecordCount).toBe(0);
  }
}

const keys = async (Bucket = BUCKET): Promise<string[]> => {
  const { Contents = [] } = await engine.clients.s3.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key = "" }) => Key);
};

/** Text of every object by key, decompressed where it is. */
async function objects(Bucket = BUCKET): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const Key of await keys(Bucket)) {
    const { Body } = await engine.clients.s3.send(new GetObjectCommand({ Bucket, Key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    texts.set(Key, (Key.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString());
  }
  return texts;
}

const lines = async () => [...(await objects()).values()].join("").trimEnd().split("\n");
const ids = async () => (await lines()).map((line) => (JSON.parse(line) as { id: number }).id);
const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);

/** Moves the clock on in steps until something holds: work between two timers takes real time. */
async function until(holds: () => Promise<boolean> | boolean, stepMs = 1_000): Promise<void> {
  await expect
    .poll(
      async () => {
        if (await holds()) return true;
        await engine.clock.advance(stepMs);
        return false;
      },
      { interval: 2 },
    )
    .toBe(true);
}

describe("a delivery from a stream", () => {
  it("puts records into one object by partition keys, named and laid out as on AWS", async () => {
    await create(BY_TYPE);
    await engine.clock.advance(5 * HOUR);
    await put({ id: 0, type: "cart" }, { id: 1, type: "user" }, { id: 2, type: "cart" });
    await engine.clock.advance(59_999);
    expect(await keys()).toEqual([]);
    await engine.clock.advance(1);
    await expect.poll(keys).toHaveLength(2);
    const uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    const [cart, user] = await objects();
    expect(cart?.[0]).toMatch(
      new RegExp(`^events/type=cart/year=2026/hour=05/to-lake-1-2026-01-01-05-00-00-${uuid}\\.gz$`),
    );
    expect(cart?.[1].split("\n").sort()).toEqual(["", '{"id":0,"type":"cart"}', '{"id":2,"type":"cart"}']);
    expect(user?.[0]).toMatch(/^events\/type=user\//);
    expect(user?.[1]).toBe('{"id":1,"type":"user"}\n');
    expect(engine.metrics.get("AWS/Firehose/DeliveryToS3.Records")).toEqual([2, 1]);
    expect(engine.metrics.get("AWS/Firehose/DeliveryToS3.DataFreshness")).toEqual([60]);
    expect(engine.metrics.get("AWS/Firehose/DeliveryToS3.Success")).toEqual([1, 1]);
  });

  it("takes what comes after its creation, and concatenates records as they are", async () => {
    await put("before");
    await create({ Prefix: "raw/", CompressionFormat: "UNCOMPRESSED" });
    await put("a");
    await engine.clock.advance(1_000);
    await put("b\n");
    await engine.clock.advance(60_000);
    await expect.poll(keys).toHaveLength(1);
    const [[key, text] = []] = await objects();
    expect(key).toMatch(/^raw\/2026\/01\/01\/00\/to-lake-1-2026-01-01-00-00-00-[0-9a-f-]{36}$/);
    expect([...(text ?? "")].sort().join("")).toBe("\nab");
  });

  it("puts what has no partition keys under the error prefix, with the reason and the record", async () => {
    await create(BY_TYPE);
    const bad = ["not json", '{"type":""}', "{}", '{"type":null}', "[1]", '{"type":{"a":1}}', "\u00ff"];
    await put(...bad, { id: 1, type: "a" }, { id: 2, type: 7 }, { id: 3, type: "x".repeat(2_000) });
    await engine.clock.advance(60_000);
    await expect.poll(keys).toHaveLength(3);
    const all = await objects();
    const [errorKey = ""] = [...all.keys()].filter((key) => key.startsWith("errors/"));
    expect(errorKey).toMatch(/^errors\/metadata-extraction-failed\/to-lake-1-2026-01-01-00-00-00-.{36}\.gz$/);
    const failed = (all.get(errorKey) ?? "")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const reasons = new Map(
      failed.map(({ rawData, errorMessage }) => [Buffer.from(rawData, "base64").toString(), errorMessage]),
    );
    expect([...reasons.keys()].filter((text) => text.length < 100).sort()).toEqual([...bad].sort());
    expect(reasons.get("not json")).toBe("Non JSON record provided");
    expect(reasons.get("{}")).toBe("partitionKeys values must not be null or empty");
    expect(reasons.get("[1]")).toBe('jq: error: Cannot index array with "type"');
    expect(failed).toHaveLength(8);
    expect(failed[0]).toEqual({
      attemptsMade: 1,
      arrivalTimestamp: Date.UTC(2026, 0, 1),
      errorCode: "DynamicPartitioning.MetadataExtractionFailed",
      errorMessage: expect.any(String),
      attemptEndingTimestamp: Date.UTC(2026, 0, 1, 0, 1),
      rawData: expect.any(String),
    });
    expect([...all.keys()].some((key) => key.startsWith("events/type=7/"))).toBe(true);
  });

  it("does not wait for the time when there are enough bytes", async () => {
    await create();
    await put(...upTo(1_200).map((id) => ({ id, text: "x".repeat(1_000) })));
    await expect.poll(async () => (await keys()).length).toBeGreaterThan(0);
    expect(await keys()).toHaveLength(1);
    await engine.clock.advance(60_000);
    await expect.poll(async () => sorted(await ids())).toEqual(upTo(1_200));
  });

  it.each([
    ["before the first of its objects", 1, "before"],
    ["after it", 1, "after"],
    ["between two", 2, "before"],
    ["after the last one", 3, "after"],
  ] as const)("stores each record once when the engine dies %s", async (_where, nth, when) => {
    await create(BY_TYPE);
    const batch = (from: number) =>
      put(...upTo(300).map((id) => ({ id: from + id, type: ["a", "b", "c"][id % 3] })));
    await batch(0);
    let puts = 0;
    engine.interrupt = () => (++puts === nth ? when : undefined);
    await engine.clock.advance(60_000);
    await expect.poll(() => puts).toBe(nth);
    await expect.poll(keys).toHaveLength(nth - (when === "before" ? 1 : 0));
    // What comes while the batch is under way is not part of it.
    await batch(300);
    await engine.crash();
    await until(async () => (await keys()).length === 6, 20_000);
    expect(sorted(await ids())).toEqual(upTo(600));
    const { Versions = [] } = await engine.clients.s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET }));
    expect([Versions.length, (await keys()).length]).toEqual([6, 6]);
  });

  it("loses nothing and flushes nothing early when the engine stops in an orderly way", async () => {
    await create();
    await put({ id: 0 });
    await engine.clock.advance(30_000);
    await engine.restart();
    await put({ id: 1 });
    expect(await keys()).toEqual([]);
    await engine.clock.advance(30_100);
    await expect.poll(keys).toHaveLength(1);
    expect(sorted(await ids())).toEqual([0, 1]);
  });
});

describe("a bucket that refuses", () => {
  it("is tried until it takes the records, which are not dropped, also over a crash; it is said once", async () => {
    await create();
    await engine.kinesis.createStream("events", { shards: null, retentionHours: 8_760 });
    await engine.s3.removeBucket(BUCKET);
    await put({ id: 0 });
    const failures = () => engine.metrics.get("AWS/Firehose/DeliveryToS3.Success")?.length ?? 0;
    await until(() => failures() > 5, 10_000);
    expect(engine.firehose.undelivered("events")).toBe(1);
    expect(engine.log.filter((line) => line.includes("can't store"))).toEqual([
      expect.stringMatching(
        /^firehose: to-lake can't store its objects in lake: The specified bucket does not exist/,
      ),
    ]);
    const freshness = engine.metrics.get("AWS/Firehose/DeliveryToS3.DataFreshness") ?? [];
    expect(freshness.at(-1)).toBeGreaterThan(freshness[0] ?? Number.NaN);
    await until(() => engine.log.some((line) => line.includes("24 hours")), HOUR);
    const before = failures();
    await until(() => failures() > before + 2, HOUR);
    expect(engine.log.filter((line) => line.includes("24 hours"))).toHaveLength(1);
    await engine.crash();
    await put({ id: 1 });
    await engine.clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await until(async () => (await keys()).length === 2);
    expect(sorted(await ids())).toEqual([0, 1]);
    expect(engine.firehose.undelivered("events")).toBe(0);
  });

  it("tells when it takes them again", async () => {
    await create();
    await engine.s3.removeBucket(BUCKET);
    await put({ id: 0 });
    await until(() => engine.log.length === 1);
    await engine.clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await until(async () => (await keys()).length === 1);
    await expect.poll(() => engine.log.at(-1)).toMatch(/stores its objects again, after \d+ s/);
  });

  it("that is gone for good gives its records to the next destination", async () => {
    await create();
    await engine.s3.removeBucket(BUCKET);
    await put({ id: 0 });
    await until(() => engine.log.length === 1);
    await engine.clients.s3.send(new CreateBucketCommand({ Bucket: "other" }));
    await engine.clients.firehose.send(
      new UpdateDestinationCommand({
        DeliveryStreamName: "to-lake",
        CurrentDeliveryStreamVersionId: "1",
        DestinationId: "destinationId-000000000001",
        ExtendedS3DestinationUpdate: { BucketARN: "arn:aws:s3:::other" },
      }),
    );
    await until(async () => (await keys("other")).length === 1);
    expect((await keys("other"))[0]).toContain("/to-lake-2-");
  });

  it("costs no record in silence, also those that are older than the stream keeps them", async () => {
    await create();
    await engine.s3.removeBucket(BUCKET);
    await put({ id: 0 });
    await until(() => engine.log.length === 1);
    await engine.clock.advance(25 * HOUR);
    await put({ id: 1 });
    await engine.clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await until(async () => (await keys()).length > 0 && (await ids()).includes(1));
    // A try that comes between the two timers still finds it.
    const told = engine.log.some((line) => /about 1 records .* lost/.test(line));
    expect(told || (await ids()).includes(0)).toBe(true);
  });
});

describe("records put directly", () => {
  it("are delivered in order, over a crash too, with a delimiter where one is asked for", async () => {
    await create(
      {
        Prefix: "direct/!{firehose:random-string}/",
        ErrorOutputPrefix: "errors/!{firehose:error-output-type}/",
        ProcessingConfiguration: {
          Enabled: true,
          Processors: [{ Type: "AppendDelimiterToRecord", Parameters: [] }],
        },
      },
      null,
    );
    const send = engine.clients.firehose;
    const { RecordId } = await send.send(
      new PutRecordCommand({ DeliveryStreamName: "to-lake", Record: { Data: Buffer.from("a") } }),
    );
    expect(RecordId).toBeTruthy();
    await engine.crash();
    const batch = await engine.clients.firehose.send(
      new PutRecordBatchCommand({
        DeliveryStreamName: "to-lake",
        Records: [{ Data: Buffer.from("b") }, { Data: Buffer.from("c") }],
      }),
    );
    expect([batch.FailedPutCount, batch.RequestResponses?.length]).toEqual([0, 2]);
    await until(async () => (await keys()).length === 1);
    expect([...(await objects()).values()]).toEqual(["a\nb\nc\n"]);
    expect((await keys())[0]).toMatch(/^direct\/[A-Za-z0-9]{11}\/2026\/01\/01\/00\//);
  });

  it("are refused where the records come from a Kinesis stream, and beyond the limits", async () => {
    await create();
    const one = (size: number, DeliveryStreamName = "to-lake") =>
      engine.clients.firehose.send(
        new PutRecordCommand({ DeliveryStreamName, Record: { Data: Buffer.alloc(size, "x") } }),
      );
    await expect(one(1)).rejects.toThrow(/not permitted on KinesisStreamAsSource/);
    await expect(one(1, "none")).rejects.toThrow(
      expect.objectContaining({ name: "ResourceNotFoundException" }),
    );
    await engine.clients.firehose.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: "to-lake" }));
    await create({}, null);
    await expect(one(1_024_001)).rejects.toThrow(
      expect.objectContaining({ name: "InvalidArgumentException" }),
    );
  });
});

describe("the API", () => {
  it("describes a delivery stream as it was created, and lists it", async () => {
    await create(BY_TYPE);
    const { DeliveryStreamDescription: described } = await engine.clients.firehose.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: "to-lake" }),
    );
    expect(described).toMatchObject({
      DeliveryStreamARN: "arn:aws:firehose:us-east-1:000000000000:deliverystream/to-lake",
      DeliveryStreamStatus: "ACTIVE",
      DeliveryStreamType: "KinesisStreamAsSource",
      VersionId: "1",
      Source: {
        KinesisStreamSourceDescription: {
          KinesisStreamARN: "arn:aws:kinesis:us-east-1:000000000000:stream/events",
        },
      },
    });
    expect(described?.Destinations?.[0]?.ExtendedS3DestinationDescription).toMatchObject({
      ...BY_TYPE,
      CompressionFormat: "GZIP",
      BucketARN: "arn:aws:s3:::lake",
    });
    const { DeliveryStreamNames } = await engine.clients.firehose.send(new ListDeliveryStreamsCommand({}));
    expect(DeliveryStreamNames).toEqual(["to-lake"]);
  });

  it.each([
    [
      "a prefix with an expression that is none",
      { Prefix: "!{nothing:x}/", ErrorOutputPrefix: "e/" },
      /not known/,
    ],
    [
      "a prefix without an error prefix",
      { Prefix: "!{timestamp:yyyy}/" },
      /ErrorOutputPrefix must not be null/,
    ],
    ["a date pattern with weeks", { Prefix: "!{timestamp:YYYY}/", ErrorOutputPrefix: "e/" }, /date pattern/],
    [
      "a partition key that no query has",
      { ...BY_TYPE, Prefix: "!{partitionKeyFromQuery:x}/" },
      /partition key x/,
    ],
    [
      "partition keys with a small buffer",
      { ...BY_TYPE, BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 } },
      /at least 64/,
    ],
    ["a compression that the engine has not", { CompressionFormat: "Snappy" as const }, /not with Snappy/],
  ])("refuses %s", async (_what, more, message) => {
    await expect(create(more)).rejects.toThrow(
      expect.objectContaining({ name: "InvalidArgumentException", message: expect.stringMatching(message) }),
    );
  });

  it("refuses a stream that is not there, and goes on with one that was created anew", async () => {
    await expect(create({}, "none")).rejects.toThrow(/Kinesis stream none .* not found/);
    await create();
    await engine.clients.kinesis.send(new DeleteStreamCommand({ StreamName: "events" }));
    await engine.clients.kinesis.send(new CreateStreamCommand({ StreamName: "events", ShardCount: 1 }));
    await put({ id: 5 });
    await until(async () => (await keys()).length === 1);
    expect(await ids()).toEqual([5]);
  });
});
