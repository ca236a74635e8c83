import { randomBytes } from "node:crypto";
import http2 from "node:http2";
import net from "node:net";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttp2Handler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type S3Fixture, startS3 } from "../support/s3.ts";
import { clientSettings } from "../support/services.ts";

let s3: S3Fixture;
let client: S3Client;
beforeAll(async () => {
  s3 = await startS3();
  const requestHandler = new NodeHttp2Handler();
  client = new S3Client({ ...clientSettings(s3.endpoint), requestHandler });
  await client.send(new CreateBucketCommand({ Bucket: "both" }));
});
afterAll(async () => {
  client.destroy();
  await s3.stop();
});

/** Everything the engine answers to bytes written in pieces, until the peer or `enough` ends it. */
function talk(pieces: (string | Buffer)[], enough: (answer: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(new URL(s3.endpoint).port), "127.0.0.1");
    let answer = Buffer.alloc(0);
    socket.setNoDelay().on("error", reject);
    socket.on("data", (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (enough(answer)) socket.destroy();
    });
    socket.on("close", () => resolve(answer));
    const next = () => {
      const piece = pieces.shift();
      if (piece !== undefined) socket.write(piece, () => setImmediate(next));
    };
    socket.on("connect", next);
  });
}

describe("the engine's one port", () => {
  it("serves the SDK over HTTP/2: bodies of any size, both ways, and errors", async () => {
    for (const size of [0, 1, 3_000_000]) {
      const Body = randomBytes(size);
      await client.send(new PutObjectCommand({ Bucket: "both", Key: `${size}`, Body }));
      const { Body: stored } = await client.send(new GetObjectCommand({ Bucket: "both", Key: `${size}` }));
      expect(Buffer.compare(Buffer.from((await stored?.transformToByteArray()) ?? []), Body)).toBe(0);
    }
    await expect(client.send(new GetObjectCommand({ Bucket: "both", Key: "none" }))).rejects.toThrow(
      expect.objectContaining({ name: "NoSuchKey" }),
    );
  });

  it("serves requests side by side over one HTTP/2 connection, and HTTP/1.1 at the same time", async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `side/${index}`);
    await Promise.all(
      keys.map((Key, index) =>
        (index % 2 ? client : s3.client).send(new PutObjectCommand({ Bucket: "both", Key, Body: Key })),
      ),
    );
    const bodies = await Promise.all(
      keys.map(async (Key, index) => {
        const { Body } = await (index % 2 ? s3.client : client).send(
          new GetObjectCommand({ Bucket: "both", Key }),
        );
        return Body?.transformToString();
      }),
    );
    expect(bodies).toEqual(keys);
  });

  it("tells the protocols apart when the first bytes come one by one", async () => {
    const slowly = (text: string) => [...text].map((byte) => Buffer.from(byte, "latin1"));
    const one = await talk(
      slowly("PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"),
      (answer) => answer.includes("\r\n\r\n"),
    );
    expect(one.toString("latin1")).toMatch(/^HTTP\/1\.1 \d{3} /);
    const preface = slowly("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const emptySettings = Buffer.from("000000040000000000", "hex");
    // The server's own SETTINGS frame: length (3), type 4.
    const two = await talk([...preface, emptySettings], (answer) => answer.length >= 9);
    expect(two[3]).toBe(4);
  });

  it("answers a client that ends its side before it has the answer", async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = net.connect({
        port: Number(new URL(s3.endpoint).port),
        host: "127.0.0.1",
        allowHalfOpen: true,
      });
      let text = "";
      socket.on("error", reject).on("data", (bytes) => {
        text += bytes;
      });
      socket.on("end", () => resolve(text));
      socket.end("GET /both?list-type=2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    });
    expect(answer).toContain("<ListBucketResult");
  });

  it("refuses pages of other sites over HTTP/2 too", async () => {
    const session = http2.connect(s3.endpoint);
    const status = await new Promise((resolve, reject) => {
      const request = session.request({ ":path": "/both", ":authority": "rebound.example" });
      request.on("response", (headers) => resolve(headers[":status"])).on("error", reject);
      request.resume();
    });
    session.close();
    expect(status).toBe(403);
  });
});
