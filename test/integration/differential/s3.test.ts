import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { describe } from "vitest";
import { motoAvailable } from "../../support/moto.ts";
import { bothSides, outcome, type Side } from "./both.ts";

/** Bytes of every part of a multipart upload but the last, at least. */
const PART_BYTES = 5 * 1024 * 1024;

/** A bucket and the calls on it. */
async function bucketOf({ s3 }: Side, Bucket: string) {
  await s3.send(new CreateBucketCommand({ Bucket }));
  return {
    Bucket,
    put: (Key: string, Body: string, options: Partial<PutObjectCommandInput> = {}) =>
      s3.send(new PutObjectCommand({ Bucket, Key, Body, ...options })),
    get: async (Key: string, options: Partial<GetObjectCommandInput> = {}) => {
      const answer = await s3.send(new GetObjectCommand({ Bucket, Key, ...options }));
      const { ETag, ContentLength, ContentRange, ContentType, Metadata } = answer;
      const text = await answer.Body?.transformToString();
      return { text, ETag, ContentLength, ContentRange, ContentType, Metadata };
    },
    list: async (options: Partial<ListObjectsV2CommandInput> = {}) => {
      const answer = await s3.send(new ListObjectsV2Command({ Bucket, ...options }));
      const { Contents, CommonPrefixes, KeyCount, IsTruncated } = answer;
      return {
        keys: Contents?.map(({ Key, Size, ETag }) => [Key, Size, ETag]),
        prefixes: CommonPrefixes?.map(({ Prefix }) => Prefix),
        KeyCount,
        IsTruncated,
        token: answer.NextContinuationToken,
      };
    },
  };
}

describe.skipIf(!motoAvailable())("S3 answers as moto does", () => {
  const { same } = bothSides();

  same("to an object put, read, described and deleted", async (side) => {
    const bucket = await bucketOf(side, "objects");
    const Key = "raw/ä b+c/1.json";
    const { ETag } = await bucket.put(Key, "{}", {
      ContentType: "application/json",
      Metadata: { hash: "abc" },
    });
    const read = await bucket.get(Key);
    const { ContentLength, ContentType, Metadata } = await side.s3.send(
      new HeadObjectCommand({ Bucket: bucket.Bucket, Key }),
    );
    await side.s3.send(new DeleteObjectCommand({ Bucket: bucket.Bucket, Key }));
    return [ETag, read, { ContentLength, ContentType, Metadata }, await outcome(bucket.get(Key))];
  });

  same("to a key that is the folder of another", async (side) => {
    const bucket = await bucketOf(side, "folders");
    for (const key of ["a", "a/b", "a/b/c", "a/"]) await bucket.put(key, key);
    return [await bucket.list(), await bucket.get("a"), await bucket.get("a/b")];
  });

  same("to lists by prefix, delimiter, start and page", async (side) => {
    const bucket = await bucketOf(side, "lists");
    for (const key of ["raw/a/1", "raw/a/2", "raw/b/1", "raw/c", "staging/1", "Z"])
      await bucket.put(key, key);
    const first = await bucket.list({ MaxKeys: 4 });
    const second = await bucket.list({ MaxKeys: 4, ContinuationToken: first.token });
    const { token, ...page } = first;
    return [
      page,
      typeof token,
      second,
      await bucket.list({ Prefix: "raw/", Delimiter: "/" }),
      await bucket.list({ Delimiter: "/" }),
      await bucket.list({ StartAfter: "raw/b/1" }),
      await bucket.list({ Prefix: "none" }),
      await bucket.list({ MaxKeys: 0 }),
    ];
  });

  same("to ranges", async (side) => {
    const bucket = await bucketOf(side, "ranges");
    await bucket.put("ten", "0123456789");
    const ranged = (Range: string) => bucket.get("ten", { Range });
    return [
      await ranged("bytes=0-3"),
      await ranged("bytes=7-"),
      await ranged("bytes=-2"),
      await ranged("bytes=8-100"),
      await outcome(ranged("bytes=10-")),
    ];
  });

  same("to conditions", async (side) => {
    const bucket = await bucketOf(side, "conditions");
    const { ETag } = await bucket.put("claim", "first", { IfNoneMatch: "*" });
    return {
      again: await outcome(bucket.put("claim", "second", { IfNoneMatch: "*" })),
      otherEtag: await outcome(
        bucket.put("claim", "third", { IfMatch: '"0123456789abcdef0123456789abcdef"' }),
      ),
      sameEtag: await outcome(bucket.put("claim", "fourth", { IfMatch: ETag })),
      read: (await bucket.get("claim")).text,
      readIfChanged: await outcome(bucket.get("claim", { IfNoneMatch: (await bucket.get("claim")).ETag })),
      readIfSame: await outcome(bucket.get("claim", { IfMatch: ETag })),
    };
  });

  same("to a copy", async (side) => {
    const bucket = await bucketOf(side, "copies");
    await bucket.put("a b/ü", "content", { Metadata: { kept: "yes" }, ContentType: "text/plain" });
    const copy = (Key: string, options: object = {}) =>
      side.s3.send(
        new CopyObjectCommand({
          Bucket: bucket.Bucket,
          Key,
          CopySource: `${bucket.Bucket}/${encodeURIComponent("a b/ü")}`,
          ...options,
        }),
      );
    const { CopyObjectResult } = await copy("kept");
    await copy("replaced", { MetadataDirective: "REPLACE", Metadata: { other: "1" } });
    return [CopyObjectResult?.ETag, await bucket.get("kept"), (await bucket.get("replaced")).Metadata];
  });

  same("to a multipart upload", async (side) => {
    const bucket = await bucketOf(side, "multipart");
    const target = { Bucket: bucket.Bucket, Key: "large" };
    const { UploadId } = await side.s3.send(
      new CreateMultipartUploadCommand({ ...target, Metadata: { parts: "2" }, ContentType: "text/plain" }),
    );
    const part = async (PartNumber: number, Body: string) => {
      const { ETag } = await side.s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber, Body }));
      return { PartNumber, ETag };
    };
    const Parts = [await part(1, "a".repeat(PART_BYTES)), await part(2, "end")];
    const { Parts: listed } = await side.s3.send(new ListPartsCommand({ ...target, UploadId }));
    const { ETag } = await side.s3.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
    const { text, ...read } = await bucket.get("large", { Range: `bytes=${PART_BYTES - 1}-` });
    return [Parts, listed?.map(({ PartNumber, Size }) => [PartNumber, Size]), ETag, text, read];
  });

  same("to multipart uploads that are wrong or given up", async (side) => {
    const bucket = await bucketOf(side, "multipart-wrong");
    const target = { Bucket: bucket.Bucket, Key: "large" };
    const { UploadId } = await side.s3.send(new CreateMultipartUploadCommand(target));
    const complete = (...Parts: { PartNumber: number; ETag?: string }[]) =>
      outcome(
        side.s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } })),
      );
    const upload = (PartNumber: number) =>
      side.s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber, Body: "small" }));
    const [one, two] = [await upload(1), await upload(2)];
    const answers = {
      tooSmall: await complete({ PartNumber: 1, ETag: one.ETag }, { PartNumber: 2, ETag: two.ETag }),
      // "The list of parts was not in ascending order" (API_CompleteMultipartUpload).
      wrongOrder: await side.documented("InvalidPartOrder", () =>
        complete({ PartNumber: 2, ETag: two.ETag }, { PartNumber: 1, ETag: one.ETag }),
      ),
      unknownPart: await complete({ PartNumber: 7, ETag: one.ETag }),
    };
    await side.s3.send(new AbortMultipartUploadCommand({ ...target, UploadId }));
    const { Uploads } = await side.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket.Bucket }));
    // "The upload ID may be invalid, or the upload may have been aborted" (ErrorResponses); moto crashes.
    const afterwards = await side.documented("NoSuchUpload", () => outcome(upload(3)));
    return { ...answers, uploads: Uploads?.length ?? 0, afterwards };
  });

  same("to versions", async (side) => {
    const bucket = await bucketOf(side, "versions");
    const { Bucket } = bucket;
    await side.s3.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
    const { VersionId } = await bucket.put("a", "first");
    await bucket.put("a", "second");
    await side.s3.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
    const { Versions, DeleteMarkers } = await side.s3.send(new ListObjectVersionsCommand({ Bucket }));
    return [
      await outcome(bucket.get("a")),
      (await bucket.get("a", { VersionId })).text,
      Versions?.map(({ Key, IsLatest, Size }) => [Key, IsLatest, Size]),
      DeleteMarkers?.map(({ Key, IsLatest }) => [Key, IsLatest]),
    ];
  });

  same("to several objects deleted at once", async (side) => {
    const bucket = await bucketOf(side, "deletes");
    for (const key of ["a", "b", "c"]) await bucket.put(key, key);
    const { Deleted, Errors } = await side.s3.send(
      new DeleteObjectsCommand({
        Bucket: bucket.Bucket,
        Delete: { Objects: [{ Key: "a" }, { Key: "b" }, { Key: "none" }] },
      }),
    );
    return [Deleted?.map(({ Key }) => Key).sort(), Errors, await bucket.list()];
  });

  same("to wrong calls, by the same error names", async (side) => {
    const bucket = await bucketOf(side, "errors");
    await bucket.put("a", "a");
    const { Bucket } = bucket;
    const none = { Bucket: "no-such-bucket" };
    return {
      noKey: await outcome(bucket.get("none")),
      headOfNoKey: await outcome(side.s3.send(new HeadObjectCommand({ Bucket, Key: "none" }))),
      noBucket: await outcome(side.s3.send(new GetObjectCommand({ ...none, Key: "a" }))),
      putToNoBucket: await outcome(bucket.put("a", "a", none)),
      headOfNoBucket: await outcome(side.s3.send(new HeadBucketCommand(none))),
      notEmpty: await outcome(side.s3.send(new DeleteBucketCommand({ Bucket }))),
      // "Bucket names can consist only of lowercase letters, numbers, periods and hyphens" (bucketnamingrules).
      badName: await side.documented("InvalidBucketName", () =>
        outcome(side.s3.send(new CreateBucketCommand({ Bucket: "NoCapitals" }))),
      ),
      copyOfNothing: await outcome(
        side.s3.send(new CopyObjectCommand({ Bucket, Key: "b", CopySource: `${Bucket}/none` })),
      ),
      // "At most 1,024 bytes of UTF-8" (object-keys).
      keyTooLong: await side.documented("KeyTooLongError", () => outcome(bucket.put("x".repeat(1_025), "a"))),
      // "The Content-MD5 that you specified did not match what we received" (ErrorResponses).
      wrongMd5: await side.documented("BadDigest", () =>
        outcome(bucket.put("a", "a", { ContentMD5: "1B2M2Y8AsgTpgAmY7PhCfg==" })),
      ),
    };
  });
});
