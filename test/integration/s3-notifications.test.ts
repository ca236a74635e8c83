import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type QueueConfiguration,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterEach, describe, expect, it } from "vitest";
import { unwrapObjectEvents } from "../../src/lambda/shared/object-events.ts";
import { ManualClock } from "../../src/local/clock.ts";
import type { Delivery } from "../../src/local/service.ts";
import { type S3Fixture, startS3 } from "../support/s3.ts";

const Bucket = "uploads";
const QueueArn = "arn:aws:sqs:us-east-1:000000000000:arrived";
const Events: QueueConfiguration["Events"] = ["s3:ObjectCreated:*"];
let s3: S3Fixture;
afterEach(() => s3.stop());

const bodies = () => s3.deliveries.map(({ delivery }) => JSON.parse(delivery.body));
const put = (Key: string, Body = "a,b\n") => s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));
const configure = (QueueConfigurations: QueueConfiguration[]) =>
  s3.client.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: { QueueConfigurations },
    }),
  );
const filtered = (prefix: string, suffix: string) => ({
  Key: {
    FilterRules: [
      { Name: "prefix" as const, Value: prefix },
      { Name: "suffix" as const, Value: suffix },
    ],
  },
});

describe("a queue that a pipeline declares for a bucket", () => {
  const declare = (queues: { arn: string; prefix: string; suffix: string }[]) =>
    s3.service.createBucket(Bucket, { versioned: true, eventBridge: false, queues });

  it("gets S3's test event once, then each created object that its filter takes, as consumers read it", async () => {
    s3 = await startS3();
    const queue = { arn: QueueArn, prefix: "incoming/", suffix: ".csv" };
    await declare([queue]);
    await declare([queue]);
    const { VersionId } = await put("incoming/a b+ä.csv");
    await put("incoming/a.txt");
    await put("elsewhere/a.csv");
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "incoming/a b+ä.csv" }));
    const [test, created, ...more] = bodies();
    expect(more).toEqual([]);
    expect(test).toMatchObject({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket });
    expect(created.Records[0]).toMatchObject({
      eventVersion: "2.1",
      eventSource: "aws:s3",
      eventName: "ObjectCreated:Put",
      responseElements: { "x-amz-request-id": expect.any(String), "x-amz-id-2": expect.any(String) },
      s3: {
        configurationId: "edp:arrived:incoming/*.csv",
        bucket: { name: Bucket },
        object: { key: "incoming/a+b%2B%C3%A4.csv", size: 4, eTag: expect.stringMatching(/^[0-9a-f]{32}$/) },
      },
    });
    const read = s3.deliveries.map(({ delivery }) => unwrapObjectEvents(delivery.body));
    expect(read).toMatchObject([
      [],
      [{ bucket: Bucket, key: "incoming/a b+ä.csv", version: VersionId, size: 4 }],
    ]);
  });

  it("is told of copies and of completed multipart uploads too", async () => {
    s3 = await startS3();
    await declare([{ arn: QueueArn, prefix: "", suffix: "" }]);
    await put("one");
    await s3.client.send(new CopyObjectCommand({ Bucket, Key: "two", CopySource: `${Bucket}/one` }));
    const target = { Bucket, Key: "three" };
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(target));
    const part = await s3.client.send(
      new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "part" }),
    );
    await s3.client.send(
      new CompleteMultipartUploadCommand({
        ...target,
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
      }),
    );
    const told = bodies()
      .slice(1)
      .map(({ Records: [record] }) => [record.eventName, record.s3.object.key]);
    expect(told).toEqual([
      ["ObjectCreated:Put", "one"],
      ["ObjectCreated:Copy", "two"],
      ["ObjectCreated:CompleteMultipartUpload", "three"],
    ]);
  });

  it("is forgotten when it is declared no more, while what was configured by hand stays", async () => {
    s3 = await startS3();
    await declare([]);
    await configure([{ Id: "by-hand", QueueArn, Events, Filter: filtered("hand/", "") }]);
    await declare([{ arn: QueueArn, prefix: "declared/", suffix: "" }]);
    const read = () => s3.client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect((await read()).QueueConfigurations?.map(({ Id }) => Id)).toEqual([
      "by-hand",
      "edp:arrived:declared/*",
    ]);
    await declare([]);
    expect((await read()).QueueConfigurations).toMatchObject([{ Id: "by-hand", QueueArn, Events }]);
  });

  it("gets after a crash what it could not take before", async () => {
    const clock = new ManualClock();
    let down = false;
    const taken: string[] = [];
    const deliver = async (_arn: string, { body }: Delivery) => {
      if (down) throw new Error("the queue is down");
      taken.push(...unwrapObjectEvents(body).map(({ key }) => key));
    };
    s3 = await startS3({ clock, wiring: { deliver } });
    await declare([{ arn: QueueArn, prefix: "", suffix: "" }]);
    down = true;
    await put("kept.csv");
    await s3.restart({ killed: true });
    down = false;
    await clock.advance(1_000);
    await expect.poll(() => taken).toEqual(["kept.csv"]);
  });
});

describe("a notification configuration", () => {
  const start = async () => {
    s3 = await startS3();
    await s3.service.createBucket(Bucket, { versioned: false, eventBridge: false });
  };
  const other = `${QueueArn}-2`;

  it.each<[string, QueueConfiguration[]]>([
    [
      "the same events of all keys twice",
      [
        { QueueArn, Events },
        { QueueArn: other, Events: ["s3:ObjectCreated:Put"] },
      ],
    ],
    [
      "overlapping prefixes with overlapping suffixes",
      [
        { QueueArn, Events, Filter: filtered("a/", ".csv") },
        { QueueArn: other, Events, Filter: filtered("a/b/", "s.csv") },
      ],
    ],
    [
      "one id twice",
      [
        { Id: "same", QueueArn, Events, Filter: filtered("a/", "") },
        { Id: "same", QueueArn, Events, Filter: filtered("b/", "") },
      ],
    ],
    ["a FIFO queue", [{ QueueArn: `${QueueArn}.fifo`, Events }]],
  ])("is refused for %s", async (_, configurations) => {
    await start();
    await expect(configure(configurations)).rejects.toMatchObject({ name: "InvalidArgument" });
    expect(s3.deliveries).toEqual([]);
  });

  it("may have two receivers whose prefixes, suffixes or events differ", async () => {
    await start();
    await configure([
      { QueueArn, Events, Filter: filtered("a/", ".csv") },
      { QueueArn: other, Events, Filter: filtered("a/", ".json") },
      { QueueArn: other, Events, Filter: filtered("b/", "") },
      { QueueArn: other, Events: ["s3:ObjectRemoved:*"] },
    ]);
    await put("a/1.csv");
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "a/1.csv" }));
    const told = s3.deliveries
      .slice(-2)
      .map(({ arn, delivery }) => [arn, JSON.parse(delivery.body).Records[0].eventName]);
    expect(told).toEqual([
      [QueueArn, "ObjectCreated:Put"],
      [other, "ObjectRemoved:Delete"],
    ]);
  });
});
