import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { type ChecksumAlgorithm, createChecksum } from "../http/checksums.ts";
import { encodeMetadata } from "./record.ts";

/** Payloads up to this size wait in memory and reach the disk in one go. */
const MEMORY_BYTES = 128 * 1024;

const write = promisify(fs.write);

let temporaryNumber = 0;

/** A received payload that is not stored yet. Either `publish` or `discard` ends it. */
export interface Staged {
  size: number;
  /** Hex. */
  md5: string;
  /** Hex; only where it was asked for. */
  sha256: string | undefined;
  /** Base64, of the algorithms asked for. */
  checksums: Partial<Record<ChecksumAlgorithm, string>>;
  /**
   * Writes the metadata behind the payload and renames the file into place, without giving way to other
   * work: a check made just before still holds. On an error (disk full) nothing is left behind.
   */
  publish(file: string, metadata: object): void;
  discard(): void;
}

export interface StageOptions {
  /** Where temporary files go: on the same file system as the final place. */
  directory: string;
  checksums?: readonly ChecksumAlgorithm[];
  sha256?: boolean;
}

/**
 * Takes in a payload of any size: small ones in memory, others in a temporary file.
 * @throws what reading the payload or writing the file throws; nothing is left behind then.
 */
export async function stage(payload: AsyncIterable<Buffer>, options: StageOptions): Promise<Staged> {
  const md5 = createHash("md5");
  const sha256 = options.sha256 ? createHash("sha256") : undefined;
  const sums = (options.checksums ?? []).map((algorithm) => ({ algorithm, sum: createChecksum(algorithm) }));
  const sink = new Sink(options.directory);
  try {
    for await (const piece of payload) {
      md5.update(piece);
      sha256?.update(piece);
      for (const { sum } of sums) sum.update(piece);
      const full = sink.take(piece);
      if (full) await full;
    }
  } catch (error) {
    sink.discard();
    throw error;
  }
  return {
    size: sink.size,
    md5: md5.digest("hex"),
    sha256: sha256?.digest("hex"),
    checksums: Object.fromEntries(
      sums.map(({ algorithm, sum }) => [algorithm, sum.digest().toString("base64")]),
    ),
    publish: (file, metadata) => sink.publish(file, metadata),
    discard: () => sink.discard(),
  };
}

/** Writes a file that has metadata only, such as a delete marker. @throws as `Staged.publish` does. */
export function publishEmpty(directory: string, file: string, metadata: object): void {
  new Sink(directory).publish(file, metadata);
}

class Sink {
  size = 0;
  #waiting: Buffer[] = [];
  #file: string;
  #fd: number | undefined;
  #created = false;

  constructor(directory: string) {
    this.#file = path.join(directory, `${process.pid}-${++temporaryNumber}`);
  }

  /** Keeps the piece, or returns a promise for the time until it is written. */
  take(piece: Buffer): Promise<void> | undefined {
    this.size += piece.length;
    this.#waiting.push(piece);
    return this.size > MEMORY_BYTES ? this.#flush() : undefined;
  }

  publish(file: string, metadata: object): void {
    try {
      const fd = this.#open();
      writeAllSync(fd, [...this.#waiting, encodeMetadata(metadata)]);
      this.#close();
      fs.renameSync(this.#file, file);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  discard(): void {
    this.#waiting = [];
    this.#close();
    if (this.#created) fs.rmSync(this.#file, { force: true });
  }

  #open(): number {
    this.#fd ??= fs.openSync(this.#file, "wx", 0o600);
    this.#created = true;
    return this.#fd;
  }

  #close(): void {
    if (this.#fd === undefined) return;
    fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  async #flush(): Promise<void> {
    const fd = this.#open();
    const bytes = this.#waiting.length === 1 ? (this.#waiting[0] as Buffer) : Buffer.concat(this.#waiting);
    this.#waiting = [];
    for (let offset = 0; offset < bytes.length; ) {
      offset += (await write(fd, bytes, offset, bytes.length - offset, null)).bytesWritten;
    }
  }
}

/** Small files are put together in one buffer for all: one write, and no memory for each. */
let scratch: Buffer | undefined;

function writeAllSync(fd: number, buffers: Buffer[]): void {
  const size = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  scratch ??= Buffer.allocUnsafeSlow(2 * MEMORY_BYTES);
  const bytes = size <= scratch.length ? scratch : Buffer.allocUnsafe(size);
  let filled = 0;
  for (const buffer of buffers) filled += buffer.copy(bytes, filled);
  for (let offset = 0; offset < size; ) offset += fs.writeSync(fd, bytes, offset, size - offset, null);
}
