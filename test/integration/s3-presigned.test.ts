import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/local/clock.ts";
import { type S3Fixture, startS3 } from "../support/s3.ts";
import { clientSettings } from "../support/services.ts";

const run = promisify(execFile);
const Bucket = "uploads";
const Key = "incoming/a b+ü.csv";
const clock = new ManualClock(Date.now());
let s3: S3Fixture;
/** Signs as edp does for the local engine. */
let signer: S3Client;

beforeAll(async () => {
  s3 = await startS3({ clock });
  await s3.service.createBucket(Bucket, { versioned: true, eventBridge: false });
  signer = new S3Client({
    ...clientSettings(s3.endpoint),
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
});
afterAll(async () => {
  signer.destroy();
  await s3.stop();
});

const sign = (input: object = {}, signableHeaders: string[] = []) =>
  getSignedUrl(signer, new PutObjectCommand({ Bucket, Key, ...input }), {
    expiresIn: 60,
    signingDate: new Date(clock.now()),
    signableHeaders: new Set(["host", ...signableHeaders]),
  });
const put = async (url: string, body: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(url, { method: "PUT", body, headers });
  return [answer.status, /<Code>(\w+)<\/Code>/.exec(await answer.text())?.[1]];
};
const stored = async () => {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
  return Body?.transformToString();
};

describe("a URL presigned for one upload", () => {
  it("takes a file from curl", async () => {
    const file = path.join(s3.directory, "upload.csv");
    await writeFile(file, "id\n1\n");
    const { stdout } = await run("curl", ["-sS", "-f", "-w", "%{http_code}", "-T", file, await sign()]);
    expect([stdout, await stored()]).toEqual(["200", "id\n1\n"]);
  });

  it("carries the metadata and tags it was signed with", async () => {
    expect(await put(await sign({ Metadata: { sent: "today" }, Tagging: "a=b" }), "x")).toEqual([
      200,
      undefined,
    ]);
    const { Metadata, TagCount } = await s3.client.send(new HeadObjectCommand({ Bucket, Key }));
    expect([Metadata, TagCount]).toEqual([{ sent: "today" }, 1]);
  });

  it("works with the checksum of nothing that the SDK puts into a URL by default", async () => {
    const { credentials } = signer.config;
    const usual = new S3Client({ ...clientSettings(s3.endpoint), credentials });
    const url = await getSignedUrl(usual, new PutObjectCommand({ Bucket, Key }), {
      expiresIn: 60,
      signingDate: new Date(clock.now()),
    });
    expect(url).toContain("x-amz-checksum-crc32=AAAAAA");
    expect(await put(url, "something")).toEqual([200, undefined]);
    usual.destroy();
  });

  it("is good for its key and method only", async () => {
    const url = await sign();
    expect(await put(url.replace("incoming/", "outgoing/"), "x")).toEqual([403, "SignatureDoesNotMatch"]);
    expect(await put(url.replace("Expires=60", "Expires=6000"), "x")).toEqual([403, "SignatureDoesNotMatch"]);
    expect((await fetch(url)).status).toBe(403);
    expect(await put(url, "x", { "x-amz-storage-class": "GLACIER" })).toEqual([403, "AccessDenied"]);
  });

  it("takes no more bytes than were signed", async () => {
    const url = await sign({ ContentLength: 4 }, ["content-length"]);
    expect(await put(url, "12345")).toEqual([403, "SignatureDoesNotMatch"]);
    expect(await put(url, "1234")).toEqual([200, undefined]);
    expect(await stored()).toBe("1234");
  });

  it("is refused when its time is over", async () => {
    const url = await sign();
    await clock.advance(61_000);
    expect(await put(url, "late")).toEqual([403, "AccessDenied"]);
  });
});
