import { Readable } from "node:stream";
import { AwsError } from "../service.ts";
import { AwsChunkedDecoder } from "./aws-chunked.ts";
import { algorithmOfHeader, type ChecksumAlgorithm, createChecksum } from "./checksums.ts";
import type { Incoming } from "./listener.ts";

/** A checksum that came as a trailer and matched the payload; the value is base64. */
export interface VerifiedChecksum {
  algorithm: ChecksumAlgorithm;
  value: string;
}

const verified = new WeakMap<Readable, VerifiedChecksum>();

/** The trailing checksum of a body that has been read to its end; undefined where none was sent. */
export function trailingChecksum(body: Readable): VerifiedChecksum | undefined {
  return verified.get(body);
}

/**
 * The payload of a request, without `aws-chunked` framing. Reading it fails with an AwsError when the framing
 * or the declared length is wrong (IncompleteBody) or when a checksum trailer does not match (BadDigest), so
 * that nothing altered is stored. Nothing is read before somebody asks.
 */
export function decodeBody(incoming: Incoming): Readable {
  if (!isAwsChunked(incoming)) return incoming;
  const body: Readable = Readable.from(
    unframed(incoming, (checksum) => verified.set(body, checksum)),
    { objectMode: false },
  );
  return body;
}

/**
 * The pieces of a body. Leaving the loop early keeps the connection open, so that the client still gets the
 * answer that says why.
 */
export function pieces(body: Readable): AsyncIterable<Buffer> {
  return body.iterator({ destroyOnReturn: false });
}

/** Lets go of what nobody will read, so that it does not block the connection's next request. */
export function discardRest(body: Readable, incoming: Incoming): void {
  if (body !== incoming) body.destroy();
  if (!incoming.complete) incoming.resume();
}

function isAwsChunked({ headers }: Incoming): boolean {
  const sha256 = headers["x-amz-content-sha256"];
  if (typeof sha256 === "string" && sha256.startsWith("STREAMING-")) return true;
  return (headers["content-encoding"] ?? "").split(",").some((coding) => coding.trim() === "aws-chunked");
}

async function* unframed(
  incoming: Incoming,
  onVerified: (checksum: VerifiedChecksum) => void,
): AsyncGenerator<Buffer> {
  const decoder = new AwsChunkedDecoder();
  const algorithm = declaredAlgorithm(incoming);
  const checksum = algorithm && createChecksum(algorithm);
  for await (const piece of pieces(incoming)) {
    for (const data of decoder.push(piece)) {
      checksum?.update(data);
      yield data;
    }
  }
  decoder.finish();
  checkLength(incoming, decoder.decodedBytes);
  if (!algorithm || !checksum) return;
  const sent = decoder.trailers.get(`x-amz-checksum-${algorithm.toLowerCase()}`);
  if (sent === undefined) {
    throw new AwsError(
      "MalformedTrailerError",
      `The declared trailer with the ${algorithm} checksum is missing`,
    );
  }
  const value = checksum.digest().toString("base64");
  if (sent !== value) {
    throw new AwsError("BadDigest", `The ${algorithm} you specified did not match the calculated checksum.`);
  }
  onVerified({ algorithm, value });
}

function declaredAlgorithm({ headers }: Incoming): ChecksumAlgorithm | undefined {
  const declared = headers["x-amz-trailer"];
  const names = (Array.isArray(declared) ? declared.join(",") : (declared ?? "")).split(",");
  for (const name of names) {
    const algorithm = algorithmOfHeader(name.trim());
    if (algorithm) return algorithm;
  }
  return undefined;
}

function checkLength({ headers }: Incoming, decodedBytes: number): void {
  const declared = headers["x-amz-decoded-content-length"];
  if (declared === undefined || Number(declared) === decodedBytes) return;
  throw new AwsError(
    "IncompleteBody",
    `The payload has ${decodedBytes} bytes, but x-amz-decoded-content-length says ${declared}`,
  );
}
