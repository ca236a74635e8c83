import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { LoggedRecord } from "../storage/record-log.ts";
import { compileDatePattern } from "./date-pattern.ts";
import type { S3Destination } from "./destination.ts";
import { type Extraction, keyExtractor } from "./partition-keys.ts";
import { compileErrorPrefix, compilePrefix } from "./prefix.ts";

/** https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-error-handling.html */
const EXTRACTION_FAILED = {
  outputType: "metadata-extraction-failed",
  code: "DynamicPartitioning.MetadataExtractionFailed",
};
/** Longest key of an object, in bytes, and what the object's name behind the prefix may take of it. */
const MAX_KEY_BYTES = 1024;
const MAX_NAME_BYTES = 200;
/** Pieces in which an object's records are compressed, in bytes. */
const PIECE_BYTES = 64 * 1024;

/** What tells the batch's objects from all others, and stays the same when it is made anew after a crash. */
export interface BatchIdentity {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  deliveryStream: string;
  version: number;
}

/** An object to be stored. */
export interface BatchObject {
  key: string;
  records: number;
  /** Before compression. */
  bytes: number;
  payload(): AsyncIterable<Buffer>;
}

interface Group {
  partitionKeys: Record<string, string>;
  failed: boolean;
  oldest: number;
  records: number;
  bytes: number;
  chunks: Buffer[];
}

const nameTime = compileDatePattern("yyyy-MM-dd-HH-mm-ss") ?? String;

/**
 * Records on their way into objects: one object for each set of partition keys, and one for the records from which
 * those could not be taken. The same records give the same objects under the same keys.
 */
export class Batch {
  /** Arrival of the oldest record, in milliseconds since the epoch. */
  oldest = Number.POSITIVE_INFINITY;
  records = 0;
  bytes = 0;
  readonly #groups = new Map<string, Group>();
  readonly #extract: (data: Buffer) => Extraction;
  readonly #prefix: ReturnType<typeof compilePrefix>;
  readonly #errorPrefix: ReturnType<typeof compileErrorPrefix>;
  readonly #delimiter: Buffer;

  constructor(
    private readonly identity: BatchIdentity,
    private readonly destination: S3Destination,
  ) {
    const { partitionKeys, prefix, errorPrefix, delimiter } = destination;
    this.#extract = partitionKeys ? keyExtractor(partitionKeys) : () => ({ values: {} });
    this.#prefix = compilePrefix(prefix);
    this.#errorPrefix = compileErrorPrefix(errorPrefix);
    this.#delimiter = Buffer.from(delimiter);
  }

  add(record: LoggedRecord): void {
    const { data, arrivedAt } = record;
    this.oldest = Math.min(this.oldest, arrivedAt);
    this.records++;
    this.bytes += data.length;
    const extracted = this.#extract(data);
    const group = "failure" in extracted ? extracted.failure : this.#group(extracted.values, arrivedAt);
    if (typeof group === "string") this.#addFailed(record, group);
    else append(group, arrivedAt, data, this.#delimiter);
  }

  objects(): BatchObject[] {
    return [...this.#groups].map(([name, group]) => {
      const { compression, fileExtension } = this.destination;
      const suffix = [
        this.identity.deliveryStream,
        this.identity.version,
        nameTime(group.oldest),
        uuidOf(this.identity.id, name),
      ].join("-");
      const extension = fileExtension ?? (compression === "GZIP" ? ".gz" : "");
      return {
        key: this.#prefixOf(name, group) + suffix + extension,
        records: group.records,
        bytes: group.bytes,
        payload: () => (compression === "GZIP" ? gzipped(pieces(group.chunks)) : pieces(group.chunks)),
      };
    });
  }

  /** A record as Firehose hands it back, one JSON line: what it was, when, and what was wrong with it. */
  #addFailed({ data, arrivedAt }: LoggedRecord, errorMessage: string): void {
    const line = JSON.stringify({
      attemptsMade: 1,
      arrivalTimestamp: arrivedAt,
      errorCode: EXTRACTION_FAILED.code,
      errorMessage,
      attemptEndingTimestamp: this.identity.at,
      rawData: data.toString("base64"),
    });
    append(this.#named(EXTRACTION_FAILED.outputType, {}, true), arrivedAt, Buffer.from(`${line}\n`));
  }

  /** The group of these partition keys, or why there can be none. */
  #group(partitionKeys: Record<string, string>, arrivedAt: number): Group | string {
    const name = JSON.stringify(Object.values(partitionKeys));
    const known = this.#groups.get(name);
    if (known) return known;
    const prefix = this.#prefixOf(name, { partitionKeys, failed: false, oldest: arrivedAt });
    if (Buffer.byteLength(prefix) > MAX_KEY_BYTES - MAX_NAME_BYTES) {
      return `the evaluated prefix has ${Buffer.byteLength(prefix)} bytes, too many for the key of an object`;
    }
    return this.#named(name, partitionKeys, false);
  }

  #named(name: string, partitionKeys: Record<string, string>, failed: boolean): Group {
    let group = this.#groups.get(name);
    if (!group) {
      const oldest = Number.POSITIVE_INFINITY;
      group = { partitionKeys, failed, oldest, records: 0, bytes: 0, chunks: [] };
      this.#groups.set(name, group);
    }
    return group;
  }

  #prefixOf(
    name: string,
    { partitionKeys, failed, oldest }: Pick<Group, "partitionKeys" | "failed" | "oldest">,
  ) {
    return (failed ? this.#errorPrefix : this.#prefix)({
      arrivedAt: oldest,
      partitionKeys,
      errorOutputType: EXTRACTION_FAILED.outputType,
      random: (index) =>
        digest(this.identity.id, name, String(index))
          .toString("base64url")
          .replace(/[-_]/g, "x")
          .slice(0, 11),
    });
  }
}

function append(group: Group, arrivedAt: number, ...parts: Buffer[]): void {
  group.oldest = Math.min(group.oldest, arrivedAt);
  group.records++;
  for (const part of parts) {
    if (part.length === 0) continue;
    group.chunks.push(part);
    group.bytes += part.length;
  }
}

function digest(...parts: string[]): Buffer {
  return createHash("sha256").update(JSON.stringify(parts)).digest();
}

/** The form of a UUID, made from what is given. */
function uuidOf(...parts: string[]): string {
  const hex = digest(...parts).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}

/** Small records put together: each piece costs a turn of the compressor. */
async function* pieces(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(waiting, bytes);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes);
}

async function* gzipped(plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(plain);
  const gzip = source.pipe(createGzip());
  try {
    yield* gzip;
  } finally {
    source.destroy();
    gzip.destroy();
  }
}
