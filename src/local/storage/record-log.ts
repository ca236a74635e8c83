import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { frameBytes, type LoggedRecord, type LogInput, writeFrame } from "./record-frame.ts";
import { type OpenSegment, openSegmentFile, RecordSegment, type SegmentHandle } from "./record-segment.ts";

export type { LoggedRecord, LogInput } from "./record-frame.ts";

/** A file is closed for writing beyond this size, in bytes; records go away by whole files. */
const SEGMENT_BYTES = 16 * 1024 * 1024;

interface Pending {
  frames: Buffer;
  records: LoggedRecord[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface RecordLogOptions {
  now(): number;
  segmentBytes?: number;
  openFile?: OpenSegment;
}

export interface ReadLimits {
  maxRecords: number;
  /** Of keys and data; one record is read however large it is. */
  maxBytes: number;
}

/**
 * An append-only log of binary records in segment files, each record behind its length and CRC-32. Nothing but a
 * sparse index is kept in memory. `append` resolves once the records are written; appends that arrive together share
 * one write. A torn tail is dropped at the next open. Old records go by whole files (`dropBefore`).
 */
export class RecordLog {
  readonly #segments: RecordSegment[] = [];
  #handle: SegmentHandle | undefined;
  #ordinal = 0;
  #written = 0;
  #lastArrival = 0;
  #pending: Pending[] = [];
  #writing: Promise<void> | null = null;
  #broken: Error | null = null;

  private constructor(
    readonly directory: string,
    private readonly options: RecordLogOptions,
  ) {}

  static async open(directory: string, options: RecordLogOptions): Promise<RecordLog> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const log = new RecordLog(directory, options);
    try {
      await log.#load();
      return log;
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  /** Ordinal that no written record has reached yet: a reader that stands here has seen everything. */
  get next(): number {
    return this.#written;
  }

  /** No record before this ordinal is left. */
  get first(): number {
    return this.#segments[0]?.first ?? 0;
  }

  /** Arrival of the newest record, in milliseconds since the epoch; 0 when there never was one. */
  get lastArrival(): number {
    return this.#lastArrival;
  }

  /**
   * Appends records in this order; resolves with them when they are in the file.
   * @throws the error of the file system; none of them is in the log then, and their ordinals stay unused
   */
  async append(inputs: readonly LogInput[]): Promise<LoggedRecord[]> {
    const arrivedAt = Math.max(this.#lastArrival, this.options.now());
    this.#lastArrival = arrivedAt;
    const records = inputs.map(({ key, data }) => ({ ordinal: this.#ordinal++, arrivedAt, key, data }));
    const frames = Buffer.allocUnsafe(records.reduce((bytes, record) => bytes + frameBytes(record), 0));
    records.reduce((offset, record) => writeFrame(frames, offset, record), 0);
    await new Promise<void>((resolve, reject) => {
      this.#pending.push({ frames, records, resolve, reject });
      this.#writing ??= this.#drain();
    });
    return records;
  }

  /** The records from this ordinal on, oldest first, within the limits; nothing waits for more. */
  async read(from: number, { maxRecords, maxBytes }: ReadLimits): Promise<LoggedRecord[]> {
    const records: LoggedRecord[] = [];
    let bytes = 0;
    for (const segment of this.#segments.slice(this.#segmentOf(from))) {
      for await (const { record } of segment.scan(await segment.offsetOf(from))) {
        if (record.ordinal < from) continue;
        bytes += Buffer.byteLength(record.key) + record.data.length;
        if (records.length === maxRecords || (bytes > maxBytes && records.length > 0)) return records;
        records.push(record);
      }
    }
    return records;
  }

  /** Where to read for the records that arrived at this time (milliseconds since the epoch) or later; else `next`. */
  async ordinalAt(timestamp: number): Promise<number> {
    const segments = [...this.#segments];
    let at = segments.length - 1;
    for (; at > 0; at--) {
      const arrival = await segments[at]?.firstArrival();
      if (arrival !== undefined && arrival < timestamp) break;
    }
    for (const segment of segments.slice(Math.max(at, 0))) {
      const arrival = await segment.firstArrival();
      if (arrival !== undefined && arrival >= timestamp) return segment.first;
      for await (const { record } of segment.scan(await segment.offsetAt(timestamp))) {
        if (record.arrivedAt >= timestamp) return record.ordinal;
      }
    }
    return this.next;
  }

  /** About how many bytes the records from this ordinal on take; exactly 0 when there are none. */
  async bytesFrom(ordinal: number): Promise<number> {
    if (ordinal >= this.next) return 0;
    const at = this.#segmentOf(ordinal);
    const later = this.#segments.slice(at + 1).reduce((bytes, { size }) => bytes + size, 0);
    const segment = this.#segments[at];
    return later + (segment ? segment.size - (await segment.offsetOf(ordinal)) : 0);
  }

  /** Deletes the files all of whose records are before this ordinal; the one being written to stays. */
  async dropBefore(ordinal: number): Promise<void> {
    while ((this.#segments[1]?.first ?? Number.POSITIVE_INFINITY) <= ordinal) {
      await this.#segments.shift()?.remove();
    }
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Closes it and deletes its files. */
  async destroy(): Promise<void> {
    await this.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #load(): Promise<void> {
    const firsts = (await readdir(this.directory)).flatMap((name) => RecordSegment.firstOf(name) ?? []);
    for (const first of firsts.sort((a, b) => a - b)) {
      const segment = this.#segment(first);
      segment.size = (await stat(segment.file)).size;
      this.#segments.push(segment);
    }
    const active = this.#segments.at(-1);
    if (!active) {
      await this.#start(0);
      return;
    }
    const bytes = active.size;
    active.size = 0;
    this.#handle = await this.#openFile(active.file, "r+");
    const last = await active.recover(this.#handle, bytes);
    this.#ordinal = last ? last.ordinal + 1 : active.first;
    this.#written = this.#ordinal;
    // Of a file that is still empty the arrival is not known; it is behind that of the file before.
    this.#lastArrival = last?.arrivedAt ?? (await this.#segments.at(-2)?.firstArrival()) ?? 0;
  }

  async #drain(): Promise<void> {
    // Lets everything that arrives in this turn share the write.
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        await this.#write(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = null;
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    if (this.#broken) throw this.#broken;
    if ((this.#segments.at(-1)?.size ?? 0) >= (this.options.segmentBytes ?? SEGMENT_BYTES))
      await this.#roll();
    const segment = this.#segments.at(-1);
    const handle = this.#handle;
    if (!segment || !handle) throw new Error(`${this.directory} is closed`);
    const frames = Buffer.concat(batch.map((entry) => entry.frames));
    try {
      await writeAll(handle, frames, segment.size);
    } catch (error) {
      await handle.truncate(segment.size).catch(() => {
        this.#broken = new Error(`${segment.file}: a failed write could not be undone; restart the engine`);
      });
      throw error;
    }
    let offset = segment.size;
    for (const { records } of batch) {
      for (const record of records) {
        segment.note(record, offset);
        offset += frameBytes(record);
        this.#written = record.ordinal + 1;
      }
    }
    segment.size = offset;
  }

  /** Begins a new file; what is appended from now on goes there. */
  async #roll(): Promise<void> {
    const old = this.#handle;
    await this.#start(this.#written);
    await old?.close();
  }

  async #start(first: number): Promise<void> {
    const segment = this.#segment(first);
    this.#handle = await this.#openFile(segment.file, "w+");
    this.#segments.push(segment);
  }

  #segment(first: number): RecordSegment {
    return new RecordSegment(this.directory, first, this.#openFile);
  }

  get #openFile(): OpenSegment {
    return this.options.openFile ?? openSegmentFile;
  }

  /** Index of the last segment that begins at this ordinal or before. */
  #segmentOf(ordinal: number): number {
    const after = this.#segments.findIndex(({ first }) => first > ordinal);
    return Math.max(0, (after === -1 ? this.#segments.length : after) - 1);
  }
}

async function writeAll(handle: SegmentHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
