import fs from "node:fs";
import { crc32 } from "node:zlib";
import type { ChecksumAlgorithm } from "../http/checksums.ts";

/** Everything known about a stored payload; it is written behind the payload in the same file. */
export interface Metadata {
  key: string;
  sequence: number;
  versionId: string | null;
  size: number;
  /** Without quotes. */
  etag: string;
  /** Milliseconds since the epoch. */
  modified: number;
  deleteMarker?: true;
  /** System headers (content-type and so on) by lower-case name. */
  headers: Record<string, string>;
  /** User metadata by lower-case name, without `x-amz-meta-`. */
  user: Record<string, string>;
  /** Base64, of a composite checksum with its `-N`. */
  checksums: Partial<Record<ChecksumAlgorithm, string>>;
  checksumType?: ChecksumType;
  tags?: Record<string, string>;
  /** Sizes of the parts of a multipart upload, in order. */
  partSizes?: number[];
  /** The upload it was completed from: a repeated CompleteMultipartUpload answers the same. */
  uploadId?: string;
}

export type ChecksumType = "FULL_OBJECT" | "COMPOSITE";

const MAGIC = 0x45445031; // "EDP1"
/** Magic, length and CRC-32 of the metadata, 4 bytes each. */
const FOOTER_BYTES = 12;
/** What is read from the end of a file at first: most metadata fits. */
const TAIL_BYTES = 4096;
/** Payloads up to this size are read together with their metadata. */
export const SMALL_BYTES = 256 * 1024;

/** The bytes that stand behind the payload: metadata as JSON, then the footer. */
export function encodeMetadata(metadata: object): Buffer {
  const json = Buffer.from(JSON.stringify(metadata));
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.writeUInt32BE(MAGIC, 0);
  footer.writeUInt32BE(json.length, 4);
  footer.writeUInt32BE(crc32(json), 8);
  return Buffer.concat([json, footer]);
}

/**
 * Metadata of the file behind `fd`.
 * @throws Error when the file was not written by edp or is damaged; `file` is named in it.
 */
export function readMetadata<M = Metadata>(fd: number, file: string): M {
  const size = fs.fstatSync(fd).size;
  const tail = readAt(fd, Math.max(0, size - TAIL_BYTES), Math.min(size, TAIL_BYTES));
  const json = metadataBytes(tail, file);
  const bytes =
    json.length <= tail.length - FOOTER_BYTES
      ? tail.subarray(tail.length - FOOTER_BYTES - json.length, -FOOTER_BYTES)
      : readAt(fd, size - FOOTER_BYTES - json.length, json.length);
  return parseMetadata<M>(bytes, json.crc, file);
}

/** Payload and metadata of a small file, with a single read. @throws as {@link readMetadata} does. */
export function readSmall(fd: number, size: number, file: string): { payload: Buffer; metadata: Metadata } {
  const bytes = readAt(fd, 0, size + TAIL_BYTES);
  const payload = Buffer.from(bytes.subarray(0, size));
  if (bytes.length === size + TAIL_BYTES) return { payload, metadata: readMetadata(fd, file) };
  const json = metadataBytes(bytes, file);
  return { payload, metadata: parseMetadata<Metadata>(bytes.subarray(size, -FOOTER_BYTES), json.crc, file) };
}

function metadataBytes(tail: Buffer, file: string): { length: number; crc: number } {
  if (tail.length < FOOTER_BYTES || tail.readUInt32BE(tail.length - FOOTER_BYTES) !== MAGIC)
    throw damaged(file);
  return { length: tail.readUInt32BE(tail.length - 8), crc: tail.readUInt32BE(tail.length - 4) };
}

function parseMetadata<M>(json: Buffer, crc: number, file: string): M {
  if (crc32(json) !== crc) throw damaged(file);
  return JSON.parse(json.toString("utf8")) as M;
}

/** Reads go through one buffer: thousands of short-lived ones would swell the engine's memory. */
let scratch: Buffer | undefined;

/** Valid until the next call. */
function readAt(fd: number, position: number, length: number): Buffer {
  scratch ??= Buffer.allocUnsafeSlow(SMALL_BYTES + TAIL_BYTES);
  const buffer = length <= scratch.length ? scratch : Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const read = fs.readSync(fd, buffer, filled, length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return buffer.subarray(0, filled);
}

function damaged(file: string): Error {
  return new Error(`${file} is damaged: the metadata behind its payload is missing or altered`);
}
