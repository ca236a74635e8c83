import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type S3Fixture, startS3 } from "../support/s3.ts";

const Bucket = "uploads";
const MIB = 1024 * 1024;
let s3: S3Fixture;
let client: S3Client;

beforeAll(async () => {
  s3 = await startS3();
  client = s3.client;
  await s3.service.createBucket(Bucket, { versioned: false, eventBridge: true });
});
afterAll(() => s3.stop());

const md5 = (...parts: Buffer[]) => createHash("md5").update(Buffer.concat(parts));
const begin = async (Key: string, more: object = {}) =>
  (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId;
const send = (
  Key: string,
  UploadId: string | undefined,
  PartNumber: number,
  Body: Buffer,
  more: object = {},
) => client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }));
const complete = (
  Key: string,
  UploadId: string | undefined,
  Parts: { PartNumber: number; ETag?: string }[],
  more = {},
) =>
  client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
  );

describe("a multipart upload", () => {
  it("by lib-storage gives one object with the ETag of its parts", async () => {
    const parts = [Buffer.alloc(5 * MIB, 1), Buffer.alloc(5 * MIB, 2), Buffer.alloc(1000, 3)];
    const upload = new Upload({
      client,
      params: {
        Bucket,
        Key: "big.bin",
        Body: Buffer.concat(parts),
        ContentType: "x/y",
        Metadata: { a: "1" },
      },
      partSize: 5 * MIB,
    });
    const { ETag } = await upload.done();
    const expected = md5(...parts.map((part) => md5(part).digest())).digest("hex");
    expect(ETag).toBe(`"${expected}-3"`);
    const read = await client.send(new GetObjectCommand({ Bucket, Key: "big.bin" }));
    expect(read).toMatchObject({
      ETag,
      ContentType: "x/y",
      Metadata: { a: "1" },
      ContentLength: 10 * MIB + 1000,
    });
    expect(md5(Buffer.from((await read.Body?.transformToByteArray()) ?? [])).digest("hex")).toBe(
      md5(...parts).digest("hex"),
    );
    expect(s3.events.at(-1)?.detail).toMatchObject({
      reason: "CompleteMultipartUpload",
      object: { key: "big.bin", etag: `${expected}-3`, size: 10 * MIB + 1000 },
    });
  });

  it("can be read part by part", async () => {
    const part = await client.send(new GetObjectCommand({ Bucket, Key: "big.bin", PartNumber: 3 }));
    expect(part).toMatchObject({ ContentLength: 1000, PartsCount: 3 });
    expect(Buffer.from((await part.Body?.transformToByteArray()) ?? [])).toEqual(Buffer.alloc(1000, 3));
    await expect(
      client.send(new GetObjectCommand({ Bucket, Key: "big.bin", PartNumber: 4 })),
    ).rejects.toMatchObject({
      $metadata: { httpStatusCode: 416 },
    });
  });

  it("takes parts in any order, and the last of those with one number", async () => {
    const id = await begin("order");
    const second = await send("order", id, 2, Buffer.from("end"));
    await send("order", id, 1, Buffer.alloc(5 * MIB, "x"));
    const first = await send("order", id, 1, Buffer.alloc(5 * MIB, "y"));
    await complete("order", id, [
      { PartNumber: 1, ETag: first.ETag },
      { PartNumber: 2, ETag: second.ETag },
    ]);
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket, Key: "order", Range: `bytes=${5 * MIB - 2}-` }),
    );
    expect(await Body?.transformToString()).toBe("yyend");
  });

  it("takes parts that are ranges of other objects", async () => {
    await client.send(
      new PutObjectCommand({ Bucket, Key: "from", Body: Buffer.alloc(6 * MIB, "0123456789") }),
    );
    const id = await begin("copied");
    const copy = (PartNumber: number, CopySourceRange?: string) =>
      client.send(
        new UploadPartCopyCommand({
          Bucket,
          Key: "copied",
          UploadId: id,
          PartNumber,
          CopySource: `${Bucket}/from`,
          CopySourceRange,
        }),
      );
    const first = await copy(1);
    const second = await copy(2, "bytes=3-5");
    await complete("copied", id, [
      { PartNumber: 1, ETag: first.CopyPartResult?.ETag },
      { PartNumber: 2, ETag: second.CopyPartResult?.ETag },
    ]);
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "copied", Range: "bytes=-3" }));
    expect(await Body?.transformToString()).toBe("345");
    await expect(copy(3, "bytes=0-99999999")).rejects.toMatchObject({ name: "NoSuchUpload" });
  });

  it("refuses small parts, unknown parts, wrong order and an empty list", async () => {
    const id = await begin("refused");
    const one = await send("refused", id, 1, Buffer.from("small"));
    const two = await send("refused", id, 2, Buffer.from("small too"));
    const parts = [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 2, ETag: two.ETag },
    ];
    await expect(complete("refused", id, parts)).rejects.toMatchObject({ name: "EntityTooSmall" });
    await expect(complete("refused", id, [...parts].reverse())).rejects.toMatchObject({
      name: "InvalidPartOrder",
    });
    await expect(complete("refused", id, [{ PartNumber: 1, ETag: '"no"' }])).rejects.toMatchObject({
      name: "InvalidPart",
    });
    await expect(complete("refused", id, [])).rejects.toMatchObject({ name: "MalformedXML" });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: "refused" }))).rejects.toMatchObject({
      name: "NotFound",
    });
    await complete("refused", id, parts.slice(1));
  });

  it("answers the same when it is completed twice", async () => {
    const id = await begin("twice");
    const { ETag } = await send("twice", id, 1, Buffer.from("x"));
    const first = await complete("twice", id, [{ PartNumber: 1, ETag }]);
    const second = await complete("twice", id, [{ PartNumber: 1, ETag }]);
    expect(second.ETag).toBe(first.ETag);
    expect(s3.events.filter(({ detail }) => JSON.stringify(detail).includes('"twice"'))).toHaveLength(1);
  });

  it("obeys If-None-Match when it is completed", async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: "there", Body: "x" }));
    const id = await begin("there");
    const { ETag } = await send("there", id, 1, Buffer.from("y"));
    await expect(
      complete("there", id, [{ PartNumber: 1, ETag }], { IfNoneMatch: "*" }),
    ).rejects.toMatchObject({
      name: "PreconditionFailed",
    });
    await complete("there", id, [{ PartNumber: 1, ETag }]);
  });

  it("has a composite checksum, or one of the whole object", async () => {
    const composite = await begin("sums", { ChecksumAlgorithm: "SHA256" });
    await expect(send("sums", composite, 1, Buffer.from("1"))).rejects.toThrow(
      /expected checksum Type: sha256, actual checksum Type: crc32/,
    );
    const part = await send("sums", composite, 1, Buffer.from("123456789"), { ChecksumAlgorithm: "SHA256" });
    const done = await complete("sums", composite, [{ PartNumber: 1, ETag: part.ETag }]);
    const inner = createHash("sha256").update("123456789").digest();
    expect(done).toMatchObject({
      ChecksumSHA256: `${createHash("sha256").update(inner).digest("base64")}-1`,
      ChecksumType: "COMPOSITE",
    });
    const whole = await begin("sums", { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" });
    const again = await send("sums", whole, 1, Buffer.from("123456789"));
    const finished = await complete("sums", whole, [{ PartNumber: 1, ETag: again.ETag }], {
      ChecksumCRC32: "y/Q5Jg==",
      ChecksumType: "FULL_OBJECT",
    });
    expect(finished).toMatchObject({ ChecksumCRC32: "y/Q5Jg==", ChecksumType: "FULL_OBJECT" });
  });

  it("is forgotten when it is aborted", async () => {
    const id = await begin("aborted");
    await send("aborted", id, 1, Buffer.from("x"));
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: "aborted", UploadId: id }));
    await expect(send("aborted", id, 2, Buffer.from("x"))).rejects.toMatchObject({ name: "NoSuchUpload" });
  });

  it("goes on after the engine was killed and restarted", async () => {
    const id = await begin("survives");
    const { ETag } = await send("survives", id, 1, Buffer.alloc(5 * MIB, "a"));
    await s3.restart({ killed: true });
    client = s3.client;
    const listed = await client.send(new ListPartsCommand({ Bucket, Key: "survives", UploadId: id }));
    expect(listed.Parts).toMatchObject([{ PartNumber: 1, ETag, Size: 5 * MIB }]);
    const second = await send("survives", id, 2, Buffer.from("b"));
    await complete("survives", id, [
      { PartNumber: 1, ETag },
      { PartNumber: 2, ETag: second.ETag },
    ]);
    expect(await client.send(new HeadObjectCommand({ Bucket, Key: "survives" }))).toMatchObject({
      ContentLength: 5 * MIB + 1,
    });
  });
});

describe("the uploads under way", () => {
  it("are listed by key, in pages, with their parts", async () => {
    const Bucket = "listed-uploads";
    await s3.service.createBucket(Bucket, { versioned: false, eventBridge: false });
    for (const Key of ["b", "a/1", "a/2", "b"])
      await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const list = (more: object = {}) => client.send(new ListMultipartUploadsCommand({ Bucket, ...more }));
    const all = await list();
    expect(all.Uploads?.map(({ Key }) => Key)).toEqual(["a/1", "a/2", "b", "b"]);
    const first = await list({ MaxUploads: 3 });
    expect(first.IsTruncated).toBe(true);
    const rest = await list({ KeyMarker: first.NextKeyMarker, UploadIdMarker: first.NextUploadIdMarker });
    expect(rest.Uploads?.map(({ UploadId }) => UploadId)).toEqual([all.Uploads?.[3]?.UploadId]);
    const grouped = await list({ Delimiter: "/" });
    expect(grouped.CommonPrefixes).toEqual([{ Prefix: "a/" }]);
    expect(grouped.Uploads?.map(({ Key }) => Key)).toEqual(["b", "b"]);
  });
});
