import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type S3Fixture, startS3 } from "../support/s3.ts";

let s3: S3Fixture;
let client: S3Client;

beforeAll(async () => {
  s3 = await startS3();
  client = s3.client;
});
afterAll(() => s3.stop());

const make = (Bucket: string) => client.send(new CreateBucketCommand({ Bucket }));
const put = (Bucket: string, Key: string, Body = "x") =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }));

describe("a bucket", () => {
  it("is made, found, listed and deleted", async () => {
    await make("first-bucket");
    await make("first-bucket");
    expect(await client.send(new HeadBucketCommand({ Bucket: "first-bucket" }))).toMatchObject({
      BucketRegion: "us-east-1",
    });
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toContain("first-bucket");
    await client.send(new DeleteBucketCommand({ Bucket: "first-bucket" }));
    await expect(client.send(new HeadBucketCommand({ Bucket: "first-bucket" }))).rejects.toMatchObject({
      name: "NotFound",
    });
    await expect(client.send(new DeleteBucketCommand({ Bucket: "first-bucket" }))).rejects.toMatchObject({
      name: "NoSuchBucket",
    });
  });

  it("has the location it was made in, and belongs to whoever made it", async () => {
    const elsewhere = {
      Bucket: "in-europe",
      CreateBucketConfiguration: { LocationConstraint: "eu-central-1" as const },
    };
    await client.send(new CreateBucketCommand(elsewhere));
    expect(
      (await client.send(new GetBucketLocationCommand({ Bucket: "in-europe" }))).LocationConstraint,
    ).toBe("eu-central-1");
    await expect(client.send(new CreateBucketCommand(elsewhere))).rejects.toMatchObject({
      name: "BucketAlreadyOwnedByYou",
    });
  });

  it.each(["Upper", "ab", "-dash", "two..dots", "192.168.0.1"])("cannot be named %s", async (name) => {
    const answer = await fetch(`${s3.endpoint}/${name}`, { method: "PUT" });
    expect(await answer.text()).toContain("<Code>InvalidBucketName</Code>");
  });

  it("is not deleted while it holds an object or a version of one", async () => {
    await make("in-use");
    await client.send(
      new PutBucketVersioningCommand({ Bucket: "in-use", VersioningConfiguration: { Status: "Enabled" } }),
    );
    await put("in-use", "k");
    await client.send(new DeleteObjectCommand({ Bucket: "in-use", Key: "k" }));
    await expect(client.send(new DeleteBucketCommand({ Bucket: "in-use" }))).rejects.toMatchObject({
      name: "BucketNotEmpty",
    });
  });

  it("answers an operation that is not served with its name, never with a silent success", async () => {
    await make("plain");
    await expect(client.send(new GetBucketAclCommand({ Bucket: "plain" }))).rejects.toMatchObject({
      name: "NotImplemented",
      message: expect.stringContaining("GetBucketAcl"),
      $metadata: { httpStatusCode: 501 },
    });
    const lock = new PutObjectCommand({
      Bucket: "plain",
      Key: "k",
      Body: "x",
      ObjectLockLegalHoldStatus: "ON",
    });
    await expect(client.send(lock)).rejects.toMatchObject({ name: "NotImplemented" });
  });

  it("can be named by the host", async () => {
    await make("by-host");
    const port = new URL(s3.endpoint).port;
    const { request } = await import("node:http");
    const call = (method: string, host: string, body = "") =>
      new Promise<string>((resolve, reject) => {
        const headers = {
          host: `${host}:${port}`,
          ...(body ? { "content-length": String(body.length) } : {}),
        };
        const sent = request({ port, host: "127.0.0.1", method, path: "/a/key", headers }, (answer) => {
          let text = "";
          answer.on("data", (part) => {
            text += part;
          });
          answer.on("end", () => resolve(text));
        });
        sent.on("error", reject).end(body);
      });
    await call("PUT", "by-host.s3.localhost", "hello");
    expect(await call("GET", "by-host.localhost")).toBe("hello");
    const { Body } = await client.send(new GetObjectCommand({ Bucket: "by-host", Key: "a/key" }));
    expect(await Body?.transformToString()).toBe("hello");
  });

  it.each([
    "<Delete><Object>",
    "",
    "<Other/>",
    "<!DOCTYPE x><Delete/>",
    "<Delete><Object><Key>&bad;</Key></Object></Delete>",
  ])("refuses the XML %j", async (body) => {
    await make("xml");
    const answer = await fetch(`${s3.endpoint}/xml?delete`, { method: "POST", body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("<Code>MalformedXML</Code>");
  });
});

describe("a listing", () => {
  const Bucket = "listing";
  // In the order of their bytes: the note's surrogates would come before U+FF5E if sorted as JavaScript does.
  const keys = ["A", "a", "a/1", "a/2", "a/b/3", "a0", "b & <c>", "b/", "z\u0001", "é", "～", "🎵"];
  beforeAll(async () => {
    await make(Bucket);
    for (const key of [...keys].reverse()) await put(Bucket, key);
  });
  const list = (more: object = {}) => client.send(new ListObjectsV2Command({ Bucket, ...more }));
  const names = async (more: object = {}) => (await list(more)).Contents?.map(({ Key }) => Key) ?? [];

  it("is in the order of the keys' UTF-8 bytes", async () => {
    expect(await names()).toEqual(keys);
    expect(await list()).toMatchObject({
      KeyCount: keys.length,
      IsTruncated: false,
      MaxKeys: 1000,
      Name: Bucket,
    });
  });

  it("takes a prefix, a delimiter and a place to start", async () => {
    expect(await names({ Prefix: "a/" })).toEqual(["a/1", "a/2", "a/b/3"]);
    expect(await names({ StartAfter: "a/2" })).toEqual(keys.slice(4));
    const grouped = await list({ Delimiter: "/" });
    expect(grouped.CommonPrefixes).toEqual([{ Prefix: "a/" }, { Prefix: "b/" }]);
    expect(grouped.Contents?.map(({ Key }) => Key)).toEqual([
      "A",
      "a",
      "a0",
      "b & <c>",
      "z\u0001",
      "é",
      "～",
      "🎵",
    ]);
    const below = await list({ Delimiter: "/", Prefix: "a/" });
    expect(below.CommonPrefixes).toEqual([{ Prefix: "a/b/" }]);
    expect(below.Contents?.map(({ Key }) => Key)).toEqual(["a/1", "a/2"]);
  });

  it.each([1, 2, 3, 5, 100])("comes whole in pages of %i, with and without a delimiter", async (pageSize) => {
    for (const Delimiter of [undefined, "/"]) {
      const seen: string[] = [];
      for await (const page of paginateListObjectsV2({ client, pageSize }, { Bucket, Delimiter })) {
        expect(page.KeyCount).toBeLessThanOrEqual(pageSize);
        seen.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ""));
        seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ""));
      }
      const whole = await list({ Delimiter });
      const all = [
        ...(whole.Contents ?? []).map(({ Key }) => Key),
        ...(whole.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ];
      expect(seen.sort()).toEqual(all.sort());
    }
  });

  it("encodes keys when asked to", async () => {
    expect(await names({ EncodingType: "url", Prefix: "b " })).toEqual(["b+%26+%3Cc%3E"]);
  });

  it("refuses a continuation token that it did not give out", async () => {
    await expect(list({ ContinuationToken: "not~mine" })).rejects.toMatchObject({ name: "InvalidArgument" });
  });

  it("has a first version with markers", async () => {
    const first = await client.send(new ListObjectsCommand({ Bucket, MaxKeys: 2, Delimiter: "/" }));
    expect(first).toMatchObject({ IsTruncated: true, NextMarker: "a" });
    const second = await client.send(
      new ListObjectsCommand({ Bucket, MaxKeys: 2, Delimiter: "/", Marker: first.NextMarker }),
    );
    expect(second).toMatchObject({ CommonPrefixes: [{ Prefix: "a/" }], NextMarker: "a0" });
  });
});

describe("a bucket with versioning", () => {
  const Bucket = "versioned";
  beforeAll(async () => {
    await make(Bucket);
    await put(Bucket, "k", "before");
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
  });
  const read = async (VersionId?: string) =>
    (await client.send(new GetObjectCommand({ Bucket, Key: "k", VersionId }))).Body?.transformToString();
  const versions = () => client.send(new ListObjectVersionsCommand({ Bucket, Prefix: "k" }));

  it("keeps every version, and the one from before as null", async () => {
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe("Enabled");
    const one = await put(Bucket, "k", "one");
    const two = await put(Bucket, "k", "two");
    expect(one.VersionId).toMatch(/^[A-Za-z0-9._-]{32}$/);
    expect(await read()).toBe("two");
    expect(await read(one.VersionId)).toBe("one");
    expect(await read("null")).toBe("before");
    expect((await versions()).Versions).toMatchObject([
      { VersionId: two.VersionId, IsLatest: true },
      { VersionId: one.VersionId, IsLatest: false },
      { VersionId: "null", IsLatest: false },
    ]);
    await expect(read("0".repeat(32))).rejects.toMatchObject({ name: "NoSuchVersion" });
  });

  it("hides a deleted object behind a marker, until the marker is deleted", async () => {
    const { VersionId, DeleteMarker } = await client.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
    expect(DeleteMarker).toBe(true);
    await expect(read()).rejects.toMatchObject({ name: "NoSuchKey" });
    await expect(read(VersionId)).rejects.toMatchObject({ $metadata: { httpStatusCode: 405 } });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: "k" }))).rejects.toMatchObject({
      name: "NotFound",
    });
    expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
    expect((await versions()).DeleteMarkers).toMatchObject([{ VersionId, IsLatest: true }]);
    await client.send(new DeleteObjectCommand({ Bucket, Key: "k", VersionId }));
    expect(await read()).toBe("two");
  });

  it("removes a named version for good", async () => {
    const { VersionId } = await put(Bucket, "k", "three");
    await client.send(new DeleteObjectCommand({ Bucket, Key: "k", VersionId }));
    expect(await read()).toBe("two");
  });

  it("lists versions in pages, also from the middle of a key", async () => {
    const whole = (await versions()).Versions?.map(({ VersionId }) => VersionId);
    const paged: (string | undefined)[] = [];
    let marker: { KeyMarker?: string; VersionIdMarker?: string } = {};
    for (let truncated: boolean | undefined = true; truncated; ) {
      const page = await client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1, ...marker }));
      paged.push(...(page.Versions ?? []).map(({ VersionId }) => VersionId));
      marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
      truncated = page.IsTruncated;
    }
    expect(paged).toEqual(whole);
    expect(paged).toHaveLength(3);
  });

  it("writes the null version again once versioning is suspended", async () => {
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Suspended" } }),
    );
    expect((await put(Bucket, "k", "suspended")).VersionId).toBe("null");
    expect(await read()).toBe("suspended");
    expect((await versions()).Versions).toHaveLength(3);
  });

  it("has the same versions after a restart", async () => {
    const before = (await versions()).Versions;
    await s3.restart();
    client = s3.client;
    expect((await versions()).Versions).toEqual(before);
  });
});

describe("the notification configuration", () => {
  it("comes back as it was put", async () => {
    const Bucket = "notifying";
    await make(Bucket);
    const NotificationConfiguration: NotificationConfiguration = {
      EventBridgeConfiguration: {},
      QueueConfigurations: [
        {
          Id: "raw",
          QueueArn: "arn:aws:sqs:us-east-1:000000000000:q",
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
    };
    await client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
    const answer = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(answer.EventBridgeConfiguration).toEqual({});
    const [queue] = answer.QueueConfigurations ?? [];
    expect(queue).toMatchObject({
      Id: "raw",
      QueueArn: "arn:aws:sqs:us-east-1:000000000000:q",
      Events: ["s3:ObjectCreated:*"],
    });
    // S3 answers the names of the filter rules with a capital, however they were put.
    expect(queue?.Filter?.Key?.FilterRules).toEqual([
      { Name: "Prefix", Value: "raw/" },
      { Name: "Suffix", Value: ".json" },
    ]);
    expect(JSON.parse(s3.deliveries.at(-1)?.delivery.body ?? "")).toMatchObject({
      Event: "s3:TestEvent",
      Bucket,
    });
  });
});
