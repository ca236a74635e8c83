import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type S3Fixture, startS3 } from "../support/s3.ts";

const Bucket = "objects";
let s3: S3Fixture;
let client: S3Client;

beforeAll(async () => {
  s3 = await startS3();
  client = s3.client;
  await s3.service.createBucket(Bucket, { versioned: false, eventBridge: false });
});
afterAll(() => s3.stop());

const put = (Key: string, Body: string | Buffer | Readable, more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Key: string, more: object = {}) => {
  const answer = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...answer, text: (await answer.Body?.transformToString()) ?? "" };
};

describe("an object", () => {
  it("comes back with its body, metadata and system headers", async () => {
    const written = await put("a/b.json", '{"a":1}', {
      ContentType: "application/json",
      CacheControl: "no-cache",
      ContentDisposition: 'attachment; filename="b.json"',
      ContentEncoding: "identity",
      ContentLanguage: "de",
      Metadata: { "edp-hash": "abc", run: "42" },
    });
    expect(written.ETag).toBe(`"${createHash("md5").update('{"a":1}').digest("hex")}"`);
    const read = await get("a/b.json");
    expect(read).toMatchObject({
      text: '{"a":1}',
      ContentLength: 7,
      ContentType: "application/json",
      CacheControl: "no-cache",
      ContentDisposition: 'attachment; filename="b.json"',
      ContentEncoding: "identity",
      ContentLanguage: "de",
      ETag: written.ETag,
      Metadata: { "edp-hash": "abc", run: "42" },
      AcceptRanges: "bytes",
    });
    expect(read.VersionId).toBeUndefined();
  });

  it("may be empty", async () => {
    await put("empty", "");
    expect(await get("empty")).toMatchObject({
      text: "",
      ContentLength: 0,
      ContentType: "application/octet-stream",
    });
  });

  it("keeps metadata that is not ASCII, as RFC 2047 words", async () => {
    await put("unicode", "x", { Metadata: { artist: "=?UTF-8?B?QmrDtnJr?=" } });
    expect((await get("unicode")).Metadata).toEqual({ artist: "=?UTF-8?B?QmrDtnJr?=" });
  });

  it.each([
    ["a", "a/b"],
    ["folder/", "folder/x"],
    ["../up", "./here"],
    ["double//slash", "double/slash"],
    ["with space+plus%25", "ünïcödé/日本/🎵?#&=.json"],
    [`${"k".repeat(500)}/${"l".repeat(523)}`, "it's (so) ~!*"],
  ])("exists under the keys %j and %j at once", async (first, second) => {
    await put(first, "first");
    await put(second, "second");
    expect((await get(first)).text).toBe("first");
    expect((await get(second)).text).toBe("second");
  });

  it("takes keys of up to 1,024 bytes", async () => {
    await put("é".repeat(512), "fits");
    expect((await get("é".repeat(512))).text).toBe("fits");
    await expect(put(`${"é".repeat(512)}x`, "too long")).rejects.toMatchObject({ name: "KeyTooLongError" });
  });

  it("streams a body of 40 MB in and out", async () => {
    const piece = Buffer.alloc(1024 * 1024, 7);
    const body = Readable.from(Array.from({ length: 40 }, () => piece));
    await put("big", body, { ContentLength: 40 * piece.length });
    const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket, Key: "big" }));
    expect(ContentLength).toBe(40 * piece.length);
    const hash = createHash("md5");
    for await (const part of Body as Readable) hash.update(part as Buffer);
    const expected = createHash("md5");
    for (let i = 0; i < 40; i++) expected.update(piece);
    expect(hash.digest("hex")).toBe(expected.digest("hex"));
  });

  it("answers NoSuchKey and NoSuchBucket where there is none", async () => {
    await expect(get("nothing")).rejects.toMatchObject({ name: "NoSuchKey", Key: "nothing" });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: "nothing" }))).rejects.toMatchObject({
      name: "NotFound",
      $metadata: { httpStatusCode: 404 },
    });
    await expect(
      client.send(new PutObjectCommand({ Bucket: "no-such-bucket", Key: "k", Body: "x" })),
    ).rejects.toMatchObject({ name: "NoSuchBucket" });
  });

  it("is deleted, and deleting it again is no fault", async () => {
    await put("gone", "x");
    await client.send(new DeleteObjectCommand({ Bucket, Key: "gone" }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: "gone" }));
    await expect(get("gone")).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  it("is deleted together with others, whatever their keys hold", async () => {
    const keys = ["many/1", "many/ & <2>", "many/\u0001", " many/3 "];
    for (const key of keys) await put(key, "x");
    const { Deleted } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }),
    );
    expect(Deleted).toHaveLength(4);
    for (const key of keys) await expect(get(key)).rejects.toMatchObject({ name: "NoSuchKey" });
  });
});

describe("a range of an object", () => {
  beforeAll(() => put("digits", "0123456789"));

  it.each([
    ["bytes=0-0", "0", "bytes 0-0/10"],
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-99", "0123456789", "bytes 0-9/10"],
    ["bytes=8-99", "89", "bytes 8-9/10"],
  ])("%s is %s", async (Range, text, ContentRange) => {
    expect(await get("digits", { Range })).toMatchObject({
      text,
      ContentRange,
      $metadata: { httpStatusCode: 206 },
    });
  });

  it.each(["bytes=10-", "bytes=99-100", "bytes=-0"])("%s is refused", async (Range) => {
    await expect(get("digits", { Range })).rejects.toMatchObject({
      name: "InvalidRange",
      $metadata: { httpStatusCode: 416 },
      ActualObjectSize: "10",
    });
  });

  it.each(["bytes=3-1", "lines=1-2", "bytes=0-1,3-4"])("%s is ignored", async (Range) => {
    expect((await get("digits", { Range })).text).toBe("0123456789");
  });

  it("is read from the middle of a large object", async () => {
    const body = Buffer.alloc(1_000_000, "abcdefghij");
    await put("large", body);
    expect((await get("large", { Range: "bytes=500003-500007" })).text).toBe("defgh");
  });
});

describe("conditions", () => {
  it("answer 304 or 412 on reading", async () => {
    const { ETag } = await put("conditional", "x");
    await expect(get("conditional", { IfNoneMatch: ETag })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    await expect(get("conditional", { IfMatch: '"other"' })).rejects.toMatchObject({
      name: "PreconditionFailed",
    });
    await expect(get("conditional", { IfModifiedSince: new Date() })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    await expect(get("conditional", { IfUnmodifiedSince: new Date(0) })).rejects.toMatchObject({
      name: "PreconditionFailed",
    });
    expect((await get("conditional", { IfMatch: ETag, IfNoneMatch: '"other"' })).text).toBe("x");
  });

  it("let exactly one of many writers create a key", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => put("claims/1", `writer ${n}`, { IfNoneMatch: "*" })),
    );
    const winners = results.flatMap((result, n) => (result.status === "fulfilled" ? [n] : []));
    const losers = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(winners).toHaveLength(1);
    for (const loser of losers)
      expect(loser).toMatchObject({ name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } });
    expect((await get("claims/1")).text).toBe(`writer ${winners[0]}`);
  });

  it("let exactly one of many writers replace a known version", async () => {
    const { ETag } = await put("claims/2", "old");
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => put("claims/2", `writer ${n}`, { IfMatch: ETag })),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("refuse to replace what is not there", async () => {
    await expect(put("claims/none", "x", { IfMatch: '"abc"' })).rejects.toMatchObject({ name: "NoSuchKey" });
  });
});

describe("integrity", () => {
  it.each(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)(
    "%s is checked, kept and given back",
    async (ChecksumAlgorithm) => {
      // The JavaScript SDK needs an extra package for CRC-64; the value is sent as it is.
      const given =
        ChecksumAlgorithm === "CRC64NVME" ? { ChecksumCRC64NVME: "rosUhgp5mIg=" } : { ChecksumAlgorithm };
      const written = await put(`sum/${ChecksumAlgorithm}`, "123456789", given);
      const name = `Checksum${ChecksumAlgorithm}` as const;
      const read = await client.send(
        new HeadObjectCommand({ Bucket, Key: `sum/${ChecksumAlgorithm}`, ChecksumMode: "ENABLED" }),
      );
      expect(read[name]).toBeTruthy();
      expect(read).toMatchObject({ [name]: written[name], ChecksumType: "FULL_OBJECT" });
    },
  );

  it("takes streams with a checksum in the trailer", async () => {
    await put("sum/stream", Readable.from([Buffer.from("12345"), Buffer.from("6789")]), { ContentLength: 9 });
    expect(await get("sum/stream", { ChecksumMode: "ENABLED" })).toMatchObject({
      text: "123456789",
      ChecksumCRC32: "y/Q5Jg==",
    });
  });

  it.each([
    ["BadDigest", { ChecksumSHA256: Buffer.alloc(32).toString("base64") }],
    ["BadDigest", { ContentMD5: Buffer.alloc(16).toString("base64") }],
    ["InvalidDigest", { ContentMD5: "short" }],
    ["InvalidRequest", { ChecksumCRC32: "short" }],
  ])("answers %s and stores nothing for %j", async (name, digest) => {
    await expect(put("sum/bad", "x", digest)).rejects.toMatchObject({ name });
    await expect(get("sum/bad")).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  it("leaves nothing behind when a client breaks off its upload", async () => {
    const { request } = await import("node:http");
    await new Promise<void>((resolve) => {
      const upload = request(`${s3.endpoint}/${Bucket}/broken`, {
        method: "PUT",
        headers: { "content-length": 10_000_000 },
      });
      upload.on("error", () => resolve());
      upload.write(Buffer.alloc(2_000_000), () => setTimeout(() => upload.destroy(), 50));
    });
    await expect.poll(() => readdir(path.join(s3.directory, "s3", Bucket, "temporary"))).toEqual([]);
    await expect(get("broken")).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  it("tells a client that sends a large body to a missing bucket what is wrong", async () => {
    const sent = client.send(
      new PutObjectCommand({ Bucket: "missing", Key: "k", Body: Buffer.alloc(8_000_000) }),
    );
    await expect(sent).rejects.toMatchObject({ name: "NoSuchBucket" });
    expect((await put("after", "x")).ETag).toBeTruthy();
  });
});

describe("a copy", () => {
  beforeAll(() =>
    put("source/ä b", "content", { ContentType: "text/plain", Metadata: { one: "1" }, Tagging: "team=data" }),
  );
  const copy = (Key: string, more: object = {}) =>
    client.send(
      new CopyObjectCommand({
        Bucket,
        Key,
        CopySource: `${Bucket}/${encodeURIComponent("source/ä b")}`,
        ...more,
      }),
    );

  it("takes content, metadata and tags along", async () => {
    const { CopyObjectResult } = await copy("copied");
    const read = await get("copied");
    expect(read).toMatchObject({
      text: "content",
      ContentType: "text/plain",
      Metadata: { one: "1" },
      TagCount: 1,
    });
    expect(CopyObjectResult?.ETag).toBe(read.ETag);
  });

  it("can replace the metadata", async () => {
    await copy("copied", { MetadataDirective: "REPLACE", Metadata: { two: "2" }, ContentType: "text/csv" });
    expect(await get("copied")).toMatchObject({ ContentType: "text/csv", Metadata: { two: "2" } });
  });

  it("of an object onto itself must change something", async () => {
    const onItself = { CopySource: `${Bucket}/digits-self` };
    await put("digits-self", "1");
    await expect(copy("digits-self", onItself)).rejects.toMatchObject({ name: "InvalidRequest" });
    await copy("digits-self", { ...onItself, MetadataDirective: "REPLACE", Metadata: { a: "b" } });
    expect((await get("digits-self")).Metadata).toEqual({ a: "b" });
  });

  it("obeys conditions on its source and its destination", async () => {
    await expect(copy("copied-2", { CopySourceIfMatch: '"no"' })).rejects.toMatchObject({
      name: "PreconditionFailed",
    });
    await copy("copied-2");
    await expect(copy("copied-2", { IfNoneMatch: "*" })).rejects.toMatchObject({
      name: "PreconditionFailed",
    });
    await expect(copy("copied-3", { CopySource: `${Bucket}/none` })).rejects.toMatchObject({
      name: "NoSuchKey",
    });
  });
});

describe("tags", () => {
  it("are put, read and deleted", async () => {
    const at = { Bucket, Key: "tagged" };
    const { ETag } = await put("tagged", "x");
    await client.send(
      new PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [{ Key: "a", Value: "1 & 2" }] } }),
    );
    expect((await client.send(new GetObjectTaggingCommand(at))).TagSet).toEqual([
      { Key: "a", Value: "1 & 2" },
    ]);
    await client.send(new DeleteObjectTaggingCommand(at));
    expect((await client.send(new GetObjectTaggingCommand(at))).TagSet).toEqual([]);
    expect(await get("tagged")).toMatchObject({ text: "x", ETag });
  });
});

describe("attributes of an object", () => {
  it("hold what was asked for", async () => {
    await put("attributes", "123456789", { ChecksumAlgorithm: "SHA256" });
    const answer = await client.send(
      new GetObjectAttributesCommand({
        Bucket,
        Key: "attributes",
        ObjectAttributes: ["ETag", "ObjectSize", "Checksum", "StorageClass"],
      }),
    );
    expect(answer).toMatchObject({
      ETag: "25f9e794323b453885f5181f1b624d0b",
      ObjectSize: 9,
      StorageClass: "STANDARD",
      Checksum: {
        ChecksumSHA256: "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
        ChecksumType: "FULL_OBJECT",
      },
    });
  });
});

describe("a presigned URL", () => {
  it("reads and writes without credentials", async () => {
    const write = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: "signed" }), {
      expiresIn: 60,
    });
    expect((await fetch(write, { method: "PUT", body: "by url" })).status).toBe(200);
    const read = await getSignedUrl(
      client,
      new GetObjectCommand({ Bucket, Key: "signed", ResponseContentType: "text/x-test" }),
      { expiresIn: 60 },
    );
    const answer = await fetch(read);
    expect(answer.headers.get("content-type")).toBe("text/x-test");
    expect(await answer.text()).toBe("by url");
  });

  it("is refused when its time is over", async () => {
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: "signed" }), {
      expiresIn: 60,
      signingDate: new Date(Date.now() - 61_000),
    });
    const answer = await fetch(url);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("<Code>AccessDenied</Code><Message>Request has expired</Message>");
  });
});
