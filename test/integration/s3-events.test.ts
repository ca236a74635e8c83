import {
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/local/clock.ts";
import { type S3Fixture, startS3 } from "../support/s3.ts";

const Bucket = "bronze";
let s3: S3Fixture;
afterEach(() => s3.stop());

async function bucketWithEvents(versioned: boolean, options: Parameters<typeof startS3>[0] = {}) {
  s3 = await startS3(options);
  await s3.service.createBucket(Bucket, { versioned, eventBridge: true });
  return s3.client;
}

const put = (client: S3Client, Key: string, more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: "{}", ...more }));

/** Receivers that are down until told otherwise. */
function brokenReceivers() {
  const state = { down: true, events: [] as string[] };
  const putEvent = async (event: { detail: Record<string, unknown> }) => {
    if (state.down) throw new Error("the bus is down");
    state.events.push((event.detail.object as { key: string }).key);
  };
  return { state, wiring: { putEvent } };
}

describe("the events of a bucket", () => {
  it("tell EventBridge of a created object in S3's form", async () => {
    const client = await bucketWithEvents(true);
    const { ETag, VersionId } = await put(client, "raw/tracks/a b+ä.json");
    expect(s3.events).toMatchObject([
      {
        version: "0",
        source: "aws.s3",
        "detail-type": "Object Created",
        account: "000000000000",
        region: "us-east-1",
        resources: ["arn:aws:s3:::bronze"],
        detail: {
          version: "0",
          bucket: { name: Bucket },
          object: {
            key: "raw/tracks/a b+ä.json",
            size: 2,
            etag: ETag?.replaceAll('"', ""),
            "version-id": VersionId,
            sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
          },
          "request-id": expect.any(String),
          requester: "000000000000",
          "source-ip-address": "127.0.0.1",
          reason: "PutObject",
        },
      },
    ]);
  });

  it("carry no version id in a bucket without versioning, and growing sequencers", async () => {
    const client = await bucketWithEvents(false);
    await put(client, "k");
    await put(client, "k");
    const objects = s3.events.map(({ detail }) => detail.object as Record<string, string>);
    expect(objects[0]).not.toHaveProperty("version-id");
    expect((objects[1]?.sequencer ?? "") > (objects[0]?.sequencer ?? "")).toBe(true);
  });

  it("name copies, delete markers and deletions", async () => {
    const client = await bucketWithEvents(true);
    const { VersionId } = await put(client, "k");
    await client.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/k` }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: "k", VersionId }));
    const told = s3.events.map((event) => [
      event["detail-type"],
      event.detail.reason,
      event.detail["deletion-type"],
    ]);
    expect(told).toEqual([
      ["Object Created", "PutObject", undefined],
      ["Object Created", "CopyObject", undefined],
      ["Object Deleted", "DeleteObject", "Delete Marker Created"],
      ["Object Deleted", "DeleteObject", "Permanently Deleted"],
    ]);
    expect(s3.events[3]?.detail.object).toMatchObject({ "version-id": VersionId });
  });

  it("do not tell of a write that was refused, nor of deleting what is not there", async () => {
    const client = await bucketWithEvents(false);
    await put(client, "k");
    await expect(put(client, "k", { IfNoneMatch: "*" })).rejects.toMatchObject({
      name: "PreconditionFailed",
    });
    await client.send(new DeleteObjectCommand({ Bucket, Key: "none" }));
    expect(s3.events).toHaveLength(1);
  });

  it("tell of the one write that wins among many conditional ones", async () => {
    const client = await bucketWithEvents(false);
    const claims = Array.from({ length: 20 }, () => put(client, "claim", { IfNoneMatch: "*" }));
    const results = await Promise.allSettled(claims);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(s3.events).toHaveLength(1);
  });

  it("are none while nobody wants them", async () => {
    const client = await bucketWithEvents(false);
    await s3.service.createBucket(Bucket, { versioned: false, eventBridge: false });
    await put(client, "k");
    expect(s3.events).toEqual([]);
  });

  it("go to queues whose filters match, with the key URL-encoded", async () => {
    const client = await bucketWithEvents(false);
    const QueueArn = "arn:aws:sqs:us-east-1:000000000000:landed";
    await client.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        SkipDestinationValidation: true,
        NotificationConfiguration: {
          QueueConfigurations: [
            {
              Id: "raw",
              QueueArn,
              Events: ["s3:ObjectCreated:*"],
              Filter: {
                Key: {
                  FilterRules: [
                    { Name: "prefix", Value: "raw/" },
                    { Name: "suffix", Value: ".json" },
                  ],
                },
              },
            },
          ],
        },
      }),
    );
    await put(client, "other/a.json");
    await put(client, "raw/a b+ä.json");
    await put(client, "raw/a.txt");
    expect(s3.events).toEqual([]);
    expect(s3.deliveries.map(({ arn }) => arn)).toEqual([QueueArn]);
    expect(JSON.parse(s3.deliveries[0]?.delivery.body ?? "")).toMatchObject({
      Records: [
        {
          eventSource: "aws:s3",
          eventName: "ObjectCreated:Put",
          awsRegion: "us-east-1",
          s3: {
            configurationId: "raw",
            bucket: { name: Bucket, arn: "arn:aws:s3:::bronze" },
            object: { key: "raw/a+b%2B%C3%A4.json", size: 2 },
          },
        },
      ],
    });
  });

  it("refuse a queue that cannot be reached", async () => {
    const client = await bucketWithEvents(false, {
      wiring: { deliver: async (arn) => Promise.reject(new Error(`${arn} does not exist`)) },
    });
    const configured = client.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: {
          QueueConfigurations: [
            { QueueArn: "arn:aws:sqs:us-east-1:000000000000:none", Events: ["s3:ObjectCreated:*"] },
          ],
        },
      }),
    );
    await expect(configured).rejects.toMatchObject({
      name: "InvalidArgument",
      message: expect.stringContaining("does not exist"),
    });
  });
});

describe("an event that cannot be delivered", () => {
  it("does not fail the write and is tried again, with growing pauses", async () => {
    const clock = new ManualClock();
    const { state, wiring } = brokenReceivers();
    const client = await bucketWithEvents(false, { clock, wiring });
    await put(client, "k");
    expect(s3.log.at(-1)).toContain(
      "bronze/k was not delivered and is tried again: EventBridge: the bus is down",
    );
    await clock.advance(1_000);
    state.down = false;
    await clock.advance(1_999);
    expect(state.events).toEqual([]);
    await clock.advance(1);
    await expect.poll(() => state.events).toEqual(["k"]);
  });

  it("is sent after a crash, and only once more", async () => {
    const clock = new ManualClock();
    const { state, wiring } = brokenReceivers();
    const client = await bucketWithEvents(true, { clock, wiring });
    await put(client, "kept");
    await s3.restart({ killed: true });
    state.down = false;
    await clock.advance(1_000);
    await expect.poll(() => state.events).toContain("kept");
    const sent = state.events.length;
    await s3.restart();
    await clock.advance(120_000);
    expect(state.events).toHaveLength(sent);
  });

  it("is sent after a crash even if its object was deleted meanwhile", async () => {
    const clock = new ManualClock();
    const { state, wiring } = brokenReceivers();
    const client = await bucketWithEvents(false, { clock, wiring });
    await put(client, "short-lived");
    await client.send(new DeleteObjectCommand({ Bucket, Key: "short-lived" }));
    await s3.restart({ killed: true });
    state.down = false;
    await clock.advance(1_000);
    await expect.poll(() => new Set(state.events)).toEqual(new Set(["short-lived"]));
    expect(state.events.length).toBeGreaterThanOrEqual(2);
  });
});

describe("what was accepted", () => {
  it("is there after a crash, with everything that belongs to it", async () => {
    const client = await bucketWithEvents(true);
    const written = await put(client, "k", {
      ContentType: "application/json",
      Metadata: { a: "ü" },
      Tagging: "x=y",
    });
    await s3.restart({ killed: true });
    expect(s3.service.bucketNames()).toEqual([Bucket]);
    expect(await s3.client.send(new HeadObjectCommand({ Bucket, Key: "k" }))).toMatchObject({
      ETag: written.ETag,
      VersionId: written.VersionId,
      ContentType: "application/json",
      TagCount: 1,
    });
    await put(s3.client, "next");
    expect(s3.events).toHaveLength(2);
  });
});
