import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { decodeBody, pieces, trailingChecksum } from "../../../../src/local/http/body.ts";

const CRC32_OF_HELLO_WORLD = "DUoRhQ==";

/** A request whose body arrives in pieces of `pieceBytes`. */
function request(body: string | Buffer, headers: Record<string, string>, pieceBytes = 1_000_000) {
  const bytes = Buffer.from(body);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) parts.push(bytes.subarray(at, at + pieceBytes));
  return Object.assign(Readable.from(parts), { headers }) as unknown as IncomingMessage;
}

async function read(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const piece of pieces(decodeBody(incoming))) parts.push(piece);
  return Buffer.concat(parts).toString("utf8");
}

const signature = "0".repeat(64);
const signed = `5;chunk-signature=${signature}\r\nhello\r\n6;chunk-signature=${signature}\r\n world\r\n0;chunk-signature=${signature}\r\n\r\n`;
const streaming = { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" };
const trailing = (algorithm: string) => ({
  "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  "x-amz-trailer": `x-amz-checksum-${algorithm}`,
});

describe("a request body", () => {
  it("is given as it is when it is not aws-chunked", async () => {
    expect(await read(request("5\r\nhello\r\n", { "content-length": "10" }))).toBe("5\r\nhello\r\n");
  });

  it.each([1, 2, 3, 7, 100, 1000])(
    "is freed of signed chunks that arrive %i bytes at a time",
    async (size) => {
      expect(await read(request(signed, { ...streaming, "x-amz-decoded-content-length": "11" }, size))).toBe(
        "hello world",
      );
    },
  );

  it("is recognised by its content encoding alone", async () => {
    expect(await read(request("3\r\nabc\r\n0\r\n\r\n", { "content-encoding": "gzip, aws-chunked" }))).toBe(
      "abc",
    );
  });

  it("may be empty", async () => {
    expect(await read(request("0\r\n\r\n", { ...streaming, "x-amz-decoded-content-length": "0" }))).toBe("");
  });

  it.each([1, 5, 1000])("has its checksum trailer checked and told, in pieces of %i bytes", async (size) => {
    const framed = `b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:${CRC32_OF_HELLO_WORLD}\r\nx-amz-trailer-signature:${signature}\r\n\r\n`;
    const body = decodeBody(request(framed, trailing("crc32"), size));
    for await (const piece of pieces(body)) expect(piece.length).toBeGreaterThan(0);
    expect(trailingChecksum(body)).toEqual({ algorithm: "CRC32", value: CRC32_OF_HELLO_WORLD });
  });

  it.each([
    [
      "BadDigest",
      "its checksum trailer is wrong",
      "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
      trailing("crc32"),
    ],
    ["MalformedTrailerError", "its declared trailer is missing", "3\r\nabc\r\n0\r\n\r\n", trailing("sha256")],
    [
      "MalformedTrailerError",
      "a trailer has no name",
      "3\r\nabc\r\n0\r\nnonsense\r\n\r\n",
      trailing("sha256"),
    ],
    ["IncompleteBody", "it ends within a chunk", "a\r\nabc", streaming],
    ["IncompleteBody", "its last chunk is missing", "3\r\nabc\r\n", streaming],
    [
      "IncompleteBody",
      "it is shorter than declared",
      "3\r\nabc\r\n0\r\n\r\n",
      { ...streaming, "x-amz-decoded-content-length": "4" },
    ],
    ["InvalidRequest", "a chunk is longer than its size", "3\r\nabcd\r\n0\r\n\r\n", streaming],
    ["InvalidRequest", "a size is not hexadecimal", "3x\r\nabc\r\n0\r\n\r\n", streaming],
    ["InvalidRequest", "bytes follow its end", "0\r\n\r\nmore", streaming],
    ["InvalidRequest", "a line never ends", "1".repeat(9000), streaming],
  ])("fails with %s when %s", async (code, _why, framed, headers) => {
    await expect(read(request(framed, headers))).rejects.toMatchObject({ code });
  });

  it("can be left midway without destroying the connection", async () => {
    const incoming = request(signed, streaming, 4);
    const body = decodeBody(incoming);
    for await (const _piece of pieces(body)) break;
    body.destroy();
    expect(incoming.destroyed).toBe(false);
  });
});
