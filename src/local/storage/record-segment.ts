import { type FileHandle, open, rm } from "node:fs/promises";
import path from "node:path";
import { type LoggedRecord, readFrame } from "./record-frame.ts";

/** Bytes read at a time. */
const READ_BYTES = 256 * 1024;
/** One record of about so many bytes has its place noted. */
const NOTE_EVERY_BYTES = 64 * 1024;

interface Note {
  ordinal: number;
  arrivedAt: number;
  offset: number;
}

/** The file handle of a segment as it is used; tests hand in one that fails. */
export type SegmentHandle = Pick<FileHandle, "read" | "write" | "truncate" | "close">;
export type OpenSegment = (file: string, flags: string) => Promise<SegmentHandle>;

/** One file of a record log: records in the order of their ordinals. Where about each lies is noted in memory. */
export class RecordSegment {
  size = 0;
  #notes: Note[] | undefined;
  #firstArrival: number | undefined;

  constructor(
    readonly directory: string,
    /** No record of this file has a smaller ordinal, and all records of earlier files have. */
    readonly first: number,
    private readonly openFile: OpenSegment,
  ) {}

  static firstOf(name: string): number | undefined {
    const digits = /^(\d{16})\.records$/.exec(name)?.[1];
    return digits === undefined ? undefined : Number(digits);
  }

  get file(): string {
    return path.join(this.directory, `${String(this.first).padStart(16, "0")}.records`);
  }

  /** Arrival of its first record, in milliseconds since the epoch; undefined while it is empty. */
  async firstArrival(): Promise<number | undefined> {
    if (this.#firstArrival === undefined) {
      for await (const { record } of this.scan(0)) {
        this.#firstArrival = record.arrivedAt;
        break;
      }
    }
    return this.#firstArrival;
  }

  /** Notes a record at `offset`; must be called for every record in turn. */
  note({ ordinal, arrivedAt }: LoggedRecord, offset: number): void {
    this.#firstArrival ??= arrivedAt;
    this.#notes ??= [];
    noted(this.#notes, { ordinal, arrivedAt, offset });
  }

  /** Where to begin reading for the record of this ordinal or the next one. */
  async offsetOf(ordinal: number): Promise<number> {
    return last(await this.#known(), (note) => note.ordinal <= ordinal);
  }

  /** Where to begin reading for the first record that arrived at this time or after it. */
  async offsetAt(timestamp: number): Promise<number> {
    return last(await this.#known(), (note) => note.arrivedAt < timestamp);
  }

  /** Every record from `offset` on, which must be where one begins. @throws Error for a damaged one */
  async *scan(offset: number): AsyncGenerator<{ record: LoggedRecord; offset: number; end: number }> {
    if (offset >= this.size) return;
    const handle = await this.openFile(this.file, "r").catch((error: NodeJS.ErrnoException) => {
      // Its records went away meanwhile.
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (!handle) return;
    try {
      yield* frames(handle, this.file, offset, this.size);
    } finally {
      await handle.close();
    }
  }

  /**
   * Reads the file through after a stop and cuts off a record that was being written then.
   * @returns the last record, if there is one. @throws Error for a damaged record before the last one
   */
  async recover(handle: SegmentHandle, bytes: number): Promise<LoggedRecord | undefined> {
    let lastRecord: LoggedRecord | undefined;
    for await (const { record, offset, end } of frames(handle, this.file, 0, bytes, true)) {
      this.note(record, offset);
      this.size = end;
      lastRecord = record;
    }
    if (this.size < bytes) await handle.truncate(this.size);
    return lastRecord;
  }

  async remove(): Promise<void> {
    await rm(this.file, { force: true });
  }

  async #known(): Promise<readonly Note[]> {
    if (this.#notes || this.size === 0) return this.#notes ?? [];
    const notes: Note[] = [];
    for await (const { record, offset } of this.scan(0)) {
      noted(notes, { ordinal: record.ordinal, arrivedAt: record.arrivedAt, offset });
    }
    this.#notes = notes;
    return notes;
  }
}

async function* frames(
  handle: SegmentHandle,
  file: string,
  from: number,
  until: number,
  tornTail = false,
): AsyncGenerator<{ record: LoggedRecord; offset: number; end: number }> {
  let position = from;
  let want = READ_BYTES;
  while (position < until) {
    // A buffer of its own each time: the records handed out are parts of it.
    const chunk = Buffer.allocUnsafe(Math.min(want, until - position));
    const length = await fill(handle, chunk, position);
    const buffer = chunk.subarray(0, length);
    let offset = 0;
    want = READ_BYTES;
    while (offset < buffer.length) {
      const frame = readFrame(buffer, offset);
      if ("record" in frame) {
        yield { record: frame.record, offset: position + offset, end: position + frame.end };
        offset = frame.end;
        continue;
      }
      if ("needs" in frame) {
        want = Math.max(READ_BYTES, frame.needs);
        break;
      }
      if (tornTail && position + frame.damagedUntil >= until) return;
      throw damaged(file, position + offset);
    }
    if (offset === 0 && position + want > until) {
      // It would end beyond the file: only at the end of the last file can that be.
      if (tornTail) return;
      throw damaged(file, position);
    }
    position += offset;
  }
}

async function fill(handle: SegmentHandle, buffer: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

function noted(notes: Note[], note: Note): void {
  const before = notes.at(-1);
  if (!before || note.offset - before.offset >= NOTE_EVERY_BYTES) notes.push(note);
}

/** Offset of the last note that `holds`; notes that hold come first. */
function last(notes: readonly Note[], holds: (note: Note) => boolean): number {
  let low = 0;
  let high = notes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const note = notes[middle];
    if (note && holds(note)) low = middle + 1;
    else high = middle;
  }
  return notes[low - 1]?.offset ?? 0;
}

function damaged(file: string, offset: number): Error {
  return new Error(
    `${file}: damaged record at byte ${offset}; restore the file, or remove the local environment with \`edp destroy\` and deploy it anew`,
  );
}

export const openSegmentFile: OpenSegment = (file, flags) => open(file, flags, 0o600);
