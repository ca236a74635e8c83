import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  DescribeLimitsCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  IncreaseStreamRetentionPeriodCommand,
  ListShardsCommand,
  ListStreamsCommand,
  ListTagsForStreamCommand,
  PutRecordCommand,
  PutRecordsCommand,
  RegisterStreamConsumerCommand,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Streaming, startStreaming } from "../support/streaming.ts";

const ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/events";
const FIRST = "shardId-000000000000";
const HOUR = 3_600_000;

let engine: Streaming;
beforeEach(async () => {
  engine = await startStreaming();
});
afterEach(() => engine.close());

const send: Streaming["clients"]["kinesis"]["send"] = ((command: never) =>
  engine.clients.kinesis.send(command)) as never;
const create = (shards: number | null = 1, StreamName = "events") =>
  send(
    new CreateStreamCommand(
      shards === null
        ? { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } }
        : { StreamName, ShardCount: shards },
    ),
  );
const entry = (text: string, PartitionKey = "k") => ({ Data: Buffer.from(text), PartitionKey });
const putAll = (...texts: string[]) =>
  send(new PutRecordsCommand({ StreamName: "events", Records: texts.map((text) => entry(text)) }));

async function iterator(
  ShardIteratorType: GetShardIteratorCommandInput["ShardIteratorType"],
  more: Partial<GetShardIteratorCommandInput> = {},
): Promise<string | undefined> {
  const { ShardIterator } = await send(
    new GetShardIteratorCommand({ StreamName: "events", ShardId: FIRST, ShardIteratorType, ...more }),
  );
  return ShardIterator;
}

async function read(ShardIterator: string | undefined, Limit?: number) {
  const answer = await send(new GetRecordsCommand({ ShardIterator, Limit }));
  const texts = (answer.Records ?? []).map(({ Data }) => Buffer.from(Data ?? []).toString());
  return { ...answer, texts, records: answer.Records ?? [] };
}

const failure = (name: string, message?: RegExp) =>
  expect.objectContaining({ name, ...(message ? { message: expect.stringMatching(message) } : {}) });

describe("streams", () => {
  it("are created, described by name or ARN, listed and deleted", async () => {
    await create(2);
    await create(null, "on-demand");
    await waitUntilStreamExists(
      { client: engine.clients.kinesis, maxWaitTime: 20 },
      { StreamName: "events" },
    );
    const { StreamDescription } = await send(new DescribeStreamCommand({ StreamARN: ARN }));
    expect(StreamDescription).toMatchObject({
      StreamName: "events",
      StreamARN: ARN,
      StreamStatus: "ACTIVE",
      StreamModeDetails: { StreamMode: "PROVISIONED" },
      RetentionPeriodHours: 24,
      HasMoreShards: false,
      StreamCreationTimestamp: new Date(engine.clock.now()),
    });
    expect(StreamDescription?.Shards?.map(({ HashKeyRange }) => HashKeyRange)).toEqual([
      { StartingHashKey: "0", EndingHashKey: "170141183460469231731687303715884105727" },
      {
        StartingHashKey: "170141183460469231731687303715884105728",
        EndingHashKey: "340282366920938463463374607431768211455",
      },
    ]);
    const { StreamDescriptionSummary } = await send(
      new DescribeStreamSummaryCommand({ StreamName: "on-demand" }),
    );
    expect(StreamDescriptionSummary).toMatchObject({
      OpenShardCount: 4,
      StreamModeDetails: { StreamMode: "ON_DEMAND" },
    });
    const one = await send(new ListStreamsCommand({ Limit: 1 }));
    expect([one.StreamNames, one.HasMoreStreams]).toEqual([["events"], true]);
    const two = await send(new ListStreamsCommand({ NextToken: one.NextToken }));
    expect([two.StreamNames, two.HasMoreStreams]).toEqual([["on-demand"], false]);
    expect(await send(new DescribeLimitsCommand({}))).toMatchObject({
      OpenShardCount: 6,
      OnDemandStreamCount: 1,
    });
    await send(new DeleteStreamCommand({ StreamARN: ARN }));
    await expect(send(new DescribeStreamCommand({ StreamName: "events" }))).rejects.toThrow(
      failure("ResourceNotFoundException", /^Stream events under account 000000000000 not found\.$/),
    );
  });

  it("refuse what AWS refuses", async () => {
    await create();
    await expect(create()).rejects.toThrow(failure("ResourceInUseException"));
    await expect(create(1, "no spaces")).rejects.toThrow(failure("ValidationException"));
    await expect(create(501, "large")).rejects.toThrow(failure("LimitExceededException"));
    await expect(
      send(new RegisterStreamConsumerCommand({ StreamARN: ARN, ConsumerName: "c" })),
    ).rejects.toThrow(failure("UnknownOperationException", /not served by edp's local engine/));
  });

  it("carry tags", async () => {
    await create();
    await send(new AddTagsToStreamCommand({ StreamName: "events", Tags: { a: "1", b: "2" } }));
    const { Tags } = await send(new ListTagsForStreamCommand({ StreamARN: ARN }));
    expect(Tags).toEqual([
      { Key: "a", Value: "1" },
      { Key: "b", Value: "2" },
    ]);
  });

  it("list their shards page by page", async () => {
    await create(3);
    const one = await send(new ListShardsCommand({ StreamName: "events", MaxResults: 2 }));
    const two = await send(new ListShardsCommand({ NextToken: one.NextToken }));
    expect([...(one.Shards ?? []), ...(two.Shards ?? [])].map(({ ShardId }) => ShardId)).toEqual([
      FIRST,
      "shardId-000000000001",
      "shardId-000000000002",
    ]);
    expect(two.NextToken).toBeUndefined();
    await engine.clock.advance(300_001);
    await expect(send(new ListShardsCommand({ NextToken: one.NextToken }))).rejects.toThrow(
      failure("ExpiredNextTokenException"),
    );
  });
});

describe("records", () => {
  it("come back in order with their keys, bytes and times, over HTTP/2 and HTTP/1.1", async () => {
    await create();
    const put = await engine.clients.http1.send(
      new PutRecordCommand({ StreamARN: ARN, Data: Buffer.from([0, 255, 10]), PartitionKey: "größer" }),
    );
    await engine.clock.advance(1_500);
    const many = await putAll("b", "c");
    expect(many.FailedRecordCount).toBe(0);
    const { records, MillisBehindLatest, NextShardIterator } = await read(await iterator("TRIM_HORIZON"));
    expect(records.map(({ PartitionKey }) => PartitionKey)).toEqual(["größer", "k", "k"]);
    expect(Buffer.from(records[0]?.Data ?? [])).toEqual(Buffer.from([0, 255, 10]));
    expect(records.map(({ SequenceNumber }) => SequenceNumber)).toEqual([
      put.SequenceNumber,
      ...(many.Records ?? []).map(({ SequenceNumber }) => SequenceNumber),
    ]);
    expect(records[1]?.ApproximateArrivalTimestamp).toEqual(new Date(engine.clock.now()));
    expect(MillisBehindLatest).toBe(0);
    await putAll("d");
    expect((await read(NextShardIterator)).texts).toEqual(["d"]);
  });

  it("go to the shard of their hash key; those of one key stay in order", async () => {
    await create(2);
    const Records = [
      { ...entry("low"), ExplicitHashKey: "0" },
      { ...entry("high"), ExplicitHashKey: "340282366920938463463374607431768211455" },
      // MD5 0cc1... and e1671...: the lower and the upper half.
      entry("a1", "a"),
      entry("c1", "d"),
      entry("a2", "a"),
    ];
    const { Records: results } = await send(new PutRecordsCommand({ StreamName: "events", Records }));
    const shards = results?.map(({ ShardId }) => Number(ShardId?.slice(-1)));
    expect(shards).toEqual([0, 1, 0, 1, 0]);
    expect((await read(await iterator("TRIM_HORIZON"))).texts).toEqual(["low", "a1", "a2"]);
  });

  it("are read from any place that an iterator may name", async () => {
    await create();
    const first = await putAll("a", "b");
    await engine.clock.advance(10_000);
    const latest = await iterator("LATEST");
    await putAll("c");
    const StartingSequenceNumber = first.Records?.[1]?.SequenceNumber;
    const from = async (type: Parameters<typeof iterator>[0], more = {}) =>
      (await read(await iterator(type, more))).texts.join("");
    expect((await read(latest)).texts).toEqual(["c"]);
    expect(await from("TRIM_HORIZON")).toBe("abc");
    expect(await from("AT_SEQUENCE_NUMBER", { StartingSequenceNumber })).toBe("bc");
    expect(await from("AFTER_SEQUENCE_NUMBER", { StartingSequenceNumber })).toBe("c");
    expect(await from("AT_TIMESTAMP", { Timestamp: new Date(engine.clock.now() - 5_000) })).toBe("c");
    expect(await from("AT_TIMESTAMP", { Timestamp: new Date(0) })).toBe("abc");
    await create(1, "other");
    await engine.clock.advance(2_000);
    await expect(
      iterator("AT_SEQUENCE_NUMBER", { StreamName: "other", StartingSequenceNumber }),
    ).rejects.toThrow(failure("InvalidArgumentException", /did not come from this shard/));
    await expect(iterator("TRIM_HORIZON", { ShardId: "shardId-000000000009" })).rejects.toThrow(
      failure("ResourceNotFoundException"),
    );
  });

  it("are read with a limit, and tell how far behind the reader is", async () => {
    await create();
    await putAll("a", "b");
    await engine.clock.advance(7_000);
    await putAll("c");
    const { texts, MillisBehindLatest, NextShardIterator } = await read(await iterator("TRIM_HORIZON"), 2);
    expect(texts).toEqual(["a", "b"]);
    expect(MillisBehindLatest).toBe(7_000);
    expect((await read(NextShardIterator)).MillisBehindLatest).toBe(0);
    expect(engine.metrics.get("AWS/Kinesis/GetRecords.IteratorAgeMilliseconds")).toEqual([7_000, 0]);
  });

  it("are not read with an iterator that is older than five minutes, altered, or of an earlier stream", async () => {
    await create();
    const ShardIterator = await iterator("LATEST");
    await expect(read("AAAA")).rejects.toThrow(failure("InvalidArgumentException", /Invalid ShardIterator/));
    await engine.clock.advance(300_000);
    await read(ShardIterator);
    await engine.clock.advance(1);
    await expect(read(ShardIterator)).rejects.toThrow(failure("ExpiredIteratorException"));
    const young = await iterator("LATEST");
    await send(new DeleteStreamCommand({ StreamName: "events" }));
    await create();
    await expect(read(young)).rejects.toThrow(failure("ResourceNotFoundException"));
  });

  it("survive a crash from the moment they were accepted, with their numbers", async () => {
    await create(null);
    const texts = Array.from({ length: 200 }, (_, index) => `event ${index}`);
    const { Records } = await send(
      new PutRecordsCommand({ StreamName: "events", Records: texts.map((text) => entry(text, text)) }),
    );
    await engine.crash();
    const { Shards = [] } = await send(new ListShardsCommand({ StreamName: "events" }));
    const found = new Map<string, string | undefined>();
    for (const { ShardId } of Shards) {
      const { texts, records } = await read(await iterator("TRIM_HORIZON", { ShardId }));
      for (const [index, text] of texts.entries()) found.set(text, records[index]?.SequenceNumber);
    }
    expect(found).toEqual(new Map(texts.map((text, index) => [text, Records?.[index]?.SequenceNumber])));
  });
});

describe("limits", () => {
  it("throttle a provisioned shard beyond 1,000 records a second, record by record", async () => {
    await create();
    const Records = Array.from({ length: 500 }, (_, index) => entry(String(index)));
    const put = () => send(new PutRecordsCommand({ StreamName: "events", Records }));
    expect((await put()).FailedRecordCount).toBe(0);
    expect((await put()).FailedRecordCount).toBe(0);
    await engine.clock.advance(100);
    const { FailedRecordCount, Records: results } = await put();
    expect(FailedRecordCount).toBe(400);
    expect(results?.[99]?.SequenceNumber).toBeDefined();
    expect(results?.[100]).toEqual({
      ErrorCode: "ProvisionedThroughputExceededException",
      ErrorMessage: `Rate exceeded for shard ${FIRST} in stream events under account 000000000000.`,
    });
    await expect(send(new PutRecordCommand({ StreamName: "events", ...entry("x") }))).rejects.toThrow(
      failure("ProvisionedThroughputExceededException"),
    );
    await engine.clock.advance(1_000);
    expect((await put()).FailedRecordCount).toBe(0);
    expect(engine.metrics.get("AWS/Kinesis/WriteProvisionedThroughputExceeded")).toEqual([400, 1]);
    expect(engine.metrics.get("AWS/Kinesis/IncomingRecords")).toEqual([500, 500, 100, 500]);
  });

  it("throttle by bytes too, and let an on-demand stream take ten times as much", async () => {
    await create();
    await create(null, "on-demand");
    const Records = [0, 1, 2].map((at) => entry("x".repeat(500_000), String(at)));
    expect((await send(new PutRecordsCommand({ StreamName: "events", Records }))).FailedRecordCount).toBe(1);
    const many = Array.from({ length: 500 }, (_, index) => entry("x".repeat(1_000), String(index)));
    for (let round = 0; round < 10; round++) {
      const { FailedRecordCount } = await send(
        new PutRecordsCommand({ StreamName: "on-demand", Records: many }),
      );
      expect(FailedRecordCount).toBe(0);
    }
  });

  it("refuse requests that are too large before anything is written", async () => {
    await create();
    const put = (Records: ReturnType<typeof entry>[]) =>
      send(new PutRecordsCommand({ StreamName: "events", Records }));
    const MiB = 1024 * 1024;
    await expect(put(Array.from({ length: 501 }, () => entry("x")))).rejects.toThrow(
      failure("ValidationException", /less than or equal to 500/),
    );
    await expect(put([])).rejects.toThrow(failure("ValidationException"));
    await expect(put([entry("ok"), entry("x".repeat(MiB))])).rejects.toThrow(
      failure("ValidationException", /records\.2\.member\.data/),
    );
    await expect(put(Array.from({ length: 11 }, () => entry("x".repeat(1_000_000))))).rejects.toThrow(
      failure("InvalidArgumentException", /exceeds 10 MB/),
    );
    await expect(put([entry("x", "k".repeat(257))])).rejects.toThrow(failure("ValidationException"));
    await expect(put([{ ...entry("x"), ExplicitHashKey: "-1" } as never])).rejects.toThrow(
      failure("InvalidArgumentException"),
    );
    expect((await put([entry("x".repeat(MiB - 1))])).FailedRecordCount).toBe(0);
    expect((await read(await iterator("TRIM_HORIZON"))).records).toHaveLength(1);
  });

  it("keep records for the retention period, which can be made longer and shorter", async () => {
    await create();
    await putAll("old");
    await engine.clock.advance(20 * HOUR);
    await putAll("young");
    const texts = async () => (await read(await iterator("TRIM_HORIZON"))).texts;
    const period = { StreamName: "events", RetentionPeriodHours: 48 };
    await send(new IncreaseStreamRetentionPeriodCommand(period));
    await engine.clock.advance(10 * HOUR);
    expect(await texts()).toEqual(["old", "young"]);
    await expect(
      send(new DecreaseStreamRetentionPeriodCommand({ ...period, RetentionPeriodHours: 23 })),
    ).rejects.toThrow(failure("InvalidArgumentException", /Minimum allowed retention period is 24 hours/));
    await send(new DecreaseStreamRetentionPeriodCommand({ ...period, RetentionPeriodHours: 24 }));
    expect(await texts()).toEqual(["young"]);
    await expect(
      send(new DecreaseStreamRetentionPeriodCommand({ ...period, RetentionPeriodHours: 30 })),
    ).rejects.toThrow(failure("InvalidArgumentException", /Use IncreaseRetentionPeriod API/));
    await engine.crash();
    expect(await texts()).toEqual(["young"]);
  });

  it("delete what is older, also when nobody reads", async () => {
    await create();
    for (let at = 0; at < 20; at++) {
      await send(new PutRecordCommand({ StreamName: "events", ...entry("x".repeat(1_000_000)) }));
      await engine.clock.advance(1_000);
    }
    expect(engine.kinesis.recordCount("events")).toBe(20);
    await engine.clock.advance(24 * HOUR + 120_000);
    // Whole files go: the one that is being written to stays.
    await expect.poll(() => engine.kinesis.recordCount("events")).toBeLessThan(10);
    expect((await read(await iterator("TRIM_HORIZON"))).texts).toEqual([]);
    await putAll("young");
    expect((await read(await iterator("TRIM_HORIZON"))).texts).toEqual(["young"]);
  });
});

it("refuses CBOR with what to do about it", async () => {
  const answer = await fetch(engine.endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-cbor-1.1",
      "x-amz-target": "Kinesis_20131202.ListStreams",
    },
    body: new Uint8Array([0xa0]),
  });
  expect([answer.status, await answer.text()]).toEqual([415, expect.stringContaining("AWS_CBOR_DISABLE")]);
});
