import { Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { EnvironmentReader, type ReadRequest } from "../../../../src/replay/try-local/environment-reader.ts";

interface Sent {
  method: string;
  hostname: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
}

/** A client of AWS whose requests end here. */
function clientOf(status: number, headers: Record<string, string> = {}) {
  const sent: Sent[] = [];
  const s3 = new S3Client({
    region: "eu-west-1",
    credentials: { accessKeyId: "AKIDOFTHEUSER", secretAccessKey: "secret" },
    requestHandler: {
      handle: async (request: Sent) => {
        sent.push(request);
        return { response: { statusCode: status, headers, body: Readable.from(["content"]) } };
      },
    },
  });
  return { s3, sent };
}

const request: ReadRequest = {
  method: "GET",
  bucket: "bronze",
  encodedKey: "raw/a%20b%2B.json",
  query: new URLSearchParams({ versionId: "v1", "x-id": "GetObject" }),
  headers: {
    authorization: "AWS4-HMAC-SHA256 Credential=local/...",
    range: "bytes=0-9",
    "x-amz-security-token": "of the worker",
  },
};

it("sends a read on as it came, to the bucket's own address, signed by this process", async () => {
  const { s3, sent } = clientOf(206, { etag: '"e"', connection: "close" });
  const answer = await new EnvironmentReader(s3).read(request);
  expect(answer).toMatchObject({ status: 206, headers: { etag: '"e"' } });
  expect(answer.headers).not.toHaveProperty("connection");
  expect(sent).toMatchObject([
    {
      method: "GET",
      hostname: "bronze.s3.eu-west-1.amazonaws.com",
      path: "/raw/a%20b%2B.json",
      query: { versionId: "v1", "x-id": "GetObject" },
    },
  ]);
  const [{ headers } = { headers: {} as Record<string, string> }] = sent;
  expect(headers.range).toBe("bytes=0-9");
  expect(headers.authorization).toContain("Credential=AKIDOFTHEUSER/");
  expect(headers).not.toHaveProperty("x-amz-security-token");
});

it("hands errors on as they are", async () => {
  const { s3 } = clientOf(403);
  expect(await new EnvironmentReader(s3).read(request)).toMatchObject({ status: 403 });
});

it("sends nothing but GET and HEAD, whatever it is given", async () => {
  const { s3, sent } = clientOf(200);
  const put = { ...request, method: "PUT" } as unknown as ReadRequest;
  await expect(new EnvironmentReader(s3).read(put)).rejects.toThrow("must not send PUT");
  expect(sent).toEqual([]);
});
