import { readFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeDeliveryStreamCommand, FirehoseClient } from "@aws-sdk/client-firehose";
import { DescribeStreamSummaryCommand, KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../src/local/engine.ts";
import type { Pipeline } from "../../src/topology/types.ts";
import { startTestEngine } from "../support/engine.ts";
import { clientSettings, temporaryDirectory } from "../support/services.ts";

const STREAM = "edp-local-flow-events";
const BUCKET = "edp-local-flow-lake-000000000000";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let engine: Engine;
let flow: Pipeline;

const data = () => path.join(directory.path, "data");
const deploy = (pipeline: Pipeline, awsTiming = false) =>
  engine.deploy({ project: "edp", pipelines: [pipeline], zips: {}, awsTiming });
const settings = () => clientSettings(engine.endpoint);
const put = (type: string) =>
  new KinesisClient(settings()).send(
    new PutRecordCommand({
      StreamName: STREAM,
      Data: Buffer.from(`{"type":"${type}"}\n`),
      PartitionKey: "1",
    }),
  );
const keys = async () => {
  const { Contents = [] } = await new S3Client(settings()).send(new ListObjectsV2Command({ Bucket: BUCKET }));
  return Contents.map(({ Key = "" }) => Key);
};

beforeEach(async () => {
  directory = await temporaryDirectory();
  const empty = JSON.parse(await readFile("test/fixtures/topology/valid/empty.json", "utf8")) as Pipeline;
  flow = {
    ...empty,
    name: "flow",
    buckets: { lake: { versioned: true, eventBridge: false, expireNoncurrentDays: 30, uploadPrefix: null } },
    streams: { events: { shards: 2, retentionHours: 48 } },
    deliveries: {
      events: {
        from: { stream: "events" },
        to: {
          bucket: "lake",
          prefix: "events/type=!{partitionKeyFromQuery:type}/",
          errorPrefix: "errors/!{firehose:error-output-type}/",
        },
        partitionKeys: { type: ".type" },
        bufferMb: 64,
        bufferSeconds: 60,
        compression: "GZIP",
      },
    },
  };
  engine = await startTestEngine(data());
});
afterEach(async () => {
  await engine.close();
  await directory.remove();
});

describe("a pipeline with a stream and a delivery", () => {
  it("has its records in the bucket within seconds, by type, with metrics", async () => {
    const { pipelines } = await deploy(flow);
    expect(pipelines.flow?.addresses).toMatchObject({
      streams: { events: { name: STREAM } },
      deliveries: { events: { name: STREAM } },
    });
    await put("cart");
    await expect.poll(keys).toEqual([expect.stringMatching(/^events\/type=cart\/.*\.gz$/)]);
    const [Key] = await keys();
    const { Body } = await new S3Client(settings()).send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    expect(gunzipSync((await Body?.transformToByteArray()) ?? new Uint8Array()).toString()).toBe(
      '{"type":"cart"}\n',
    );
    const { Datapoints } = await new CloudWatchClient(settings()).send(
      new GetMetricStatisticsCommand({
        Namespace: "AWS/Firehose",
        MetricName: "DeliveryToS3.Records",
        Dimensions: [{ Name: "DeliveryStreamName", Value: STREAM }],
        StartTime: new Date(Date.now() - 600_000),
        EndTime: new Date(Date.now() + 60_000),
        Period: 3_600,
        Statistics: ["Sum"],
      }),
    );
    expect(Datapoints?.reduce((sum, { Sum = 0 }) => sum + Sum, 0)).toBe(1);
  });

  it("keeps AWS's buffers where its timing is asked for, and nothing undelivered goes unasked", async () => {
    await deploy(flow, true);
    const { DeliveryStreamDescription } = await new FirehoseClient(settings()).send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: STREAM }),
    );
    const [destination] = DeliveryStreamDescription?.Destinations ?? [];
    expect(destination?.ExtendedS3DestinationDescription?.BufferingHints).toEqual({
      SizeInMBs: 64,
      IntervalInSeconds: 60,
    });
    await put("user");
    await engine.close();
    engine = await startTestEngine(data());
    const without = { ...flow, streams: {}, deliveries: {} };
    await expect(deploy(without)).rejects.toMatchObject({
      code: "DataWouldBeLost",
      message: expect.stringContaining(`${STREAM} (1 records)`),
    });
    expect(await keys()).toEqual([]);
    // With local timing the record is over its time at once.
    await deploy(flow);
    await expect.poll(keys).toHaveLength(1);
    await expect.poll(() => deploy(without).then(() => "deployed", String)).toBe("deployed");
    await expect(
      new KinesisClient(settings()).send(new DescribeStreamSummaryCommand({ StreamName: STREAM })),
    ).rejects.toThrow(expect.objectContaining({ name: "ResourceNotFoundException" }));
  });

  it("is told what can't be done here: another number of shards, times by weeks", async () => {
    await deploy(flow);
    const more = { ...flow, streams: { events: { shards: 3, retentionHours: 48 } } };
    await expect(deploy(more)).rejects.toThrow(/has 2 shards; .* can't make that 3/);
    const { events } = flow.deliveries;
    if (!events) throw new Error("flow has no delivery");
    const weeks = {
      ...events,
      to: { ...events.to, prefix: "!{partitionKeyFromQuery:type}/!{timestamp:YYYY}/" },
    };
    await expect(deploy({ ...flow, deliveries: { events: weeks } })).rejects.toThrow(/!\{timestamp:YYYY\}/);
    const retained = { ...flow, streams: { events: { shards: 2, retentionHours: 72 } } };
    await deploy(retained);
    const { StreamDescriptionSummary } = await new KinesisClient(settings()).send(
      new DescribeStreamSummaryCommand({ StreamName: STREAM }),
    );
    expect(StreamDescriptionSummary?.RetentionPeriodHours).toBe(72);
  });
});
