import { mkdir, rm } from "node:fs/promises";
import { ChunkIndex, type StreamStatistics } from "./chunks.ts";
import { encodeEvent, type NewEvent } from "./event.ts";
import { lines, listSegments, type SegmentFile, SegmentWriter, segmentPath } from "./segment-file.ts";

/** A segment is closed at this size; retention deletes whole segments. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

interface Pending {
  encoded: Buffer[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * The events of one log group, in append-only files. Only a sparse index lies in memory; the files of earlier
 * lives of the engine are indexed when they are first searched, and never written again.
 */
export class EventStore {
  #index = new ChunkIndex();
  #older: SegmentFile[];
  #writer: SegmentWriter | undefined;
  #pending: Pending[] = [];
  #draining: Promise<void> | undefined;
  #indexing: Promise<void> | undefined;
  #nextSegment: number;

  private constructor(
    readonly directory: string,
    older: SegmentFile[],
  ) {
    this.#older = older;
    this.#nextSegment = (older.at(-1)?.number ?? 0) + 1;
  }

  static async open(directory: string): Promise<EventStore> {
    return new EventStore(directory, await listSegments(directory));
  }

  /** Bytes on disk. */
  get bytes(): number {
    const older = this.#older.reduce((sum, segment) => sum + segment.bytes, 0);
    return older + (this.#writer?.size ?? 0);
  }

  /** Resolves when the events are in the file. Events that arrive together share one write. */
  append(events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    const encoded = events.map(encodeEvent);
    return new Promise((resolve, reject) => {
      this.#pending.push({ encoded, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** The index over everything that is stored. */
  async index(): Promise<ChunkIndex> {
    this.#indexing ??= this.#indexOlder();
    await this.#indexing;
    return this.#index;
  }

  async statistics(): Promise<ReadonlyMap<number, StreamStatistics>> {
    return (await this.index()).statistics;
  }

  /** Deletes segments that were last written before `cutoff`, in milliseconds since the epoch. */
  async expire(cutoff: number): Promise<void> {
    const expired = this.#older.filter((segment) => segment.modified < cutoff);
    if (expired.length === 0) return;
    this.#older = this.#older.filter((segment) => !expired.includes(segment));
    for (const { number } of expired) {
      this.#index.dropSegment(number);
      await rm(segmentPath(this.directory, number), { force: true });
    }
  }

  async close(): Promise<void> {
    await this.#draining;
    await this.#writer?.close();
    this.#writer = undefined;
  }

  async #drain(): Promise<void> {
    // Lets everything that arrives in this turn share the write.
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        await this.#write(batch.flatMap(({ encoded }) => encoded));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#draining = undefined;
  }

  async #write(encoded: Buffer[]): Promise<void> {
    const writer = await this.#segment();
    let offset = await writer.append(Buffer.concat(encoded));
    for (const line of encoded) {
      this.#index.add(writer.number, offset, line.length, line);
      offset += line.length;
    }
  }

  async #segment(): Promise<SegmentWriter> {
    if (this.#writer && this.#writer.size >= SEGMENT_BYTES) {
      this.#older.push({ number: this.#writer.number, bytes: this.#writer.size, modified: Date.now() });
      await this.#writer.close();
      this.#writer = undefined;
    }
    if (!this.#writer) {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      this.#writer = await SegmentWriter.create(this.directory, this.#nextSegment);
      this.#nextSegment++;
    }
    return this.#writer;
  }

  async #indexOlder(): Promise<void> {
    const indexed = new Set(this.#index.chunks.map((chunk) => chunk.segment));
    const older = new ChunkIndex();
    for (const { number } of this.#older.filter((segment) => !indexed.has(segment.number))) {
      for await (const { line, offset } of lines(segmentPath(this.directory, number))) {
        older.add(number, offset, line.length + 1, line);
      }
    }
    this.#index.prepend(older);
  }
}
