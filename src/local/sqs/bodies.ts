import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";
import type { BodyRef } from "./message.ts";

/** A segment is closed for writing beyond this size, in bytes. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Neighbouring contents are read together up to this size, in bytes. */
const READ_BYTES = 1024 * 1024;

interface Segment {
  handle: Promise<FileHandle>;
  size: number;
  live: number;
}

/**
 * The contents of a queue's messages, on disk and not in memory: 100,000 messages of 3 KB would be 300 MB.
 * Contents are appended to segment files and never move; a segment whose last message is deleted goes away
 * whole, so draining a queue costs no copying. The queue's journal holds the references and names a content
 * only after it was written, so a torn tail here belongs to nothing.
 */
export class BodyStore {
  readonly #segments = new Map<number, Segment>();
  #active = 0;

  private constructor(readonly directory: string) {}

  static async open(directory: string): Promise<BodyStore> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return new BodyStore(directory);
  }

  /** Counts a reference found in the journal when the queue is opened. */
  retain(ref: BodyRef): void {
    this.#active = Math.max(this.#active, ref.segment);
    const segment = this.#segments.get(ref.segment) ?? this.#openSegment(ref.segment);
    segment.size = Math.max(segment.size, ref.offset + ref.length);
    segment.live++;
  }

  /** After the journal was read: deletes the segments that nothing refers to. New contents start a new one. */
  async sweep(): Promise<void> {
    const files = await readdir(this.directory);
    for (const file of files) {
      const number = Number(/^(\d+)\.bodies$/.exec(file)?.[1] ?? Number.NaN);
      if (Number.isNaN(number)) continue;
      this.#active = Math.max(this.#active, number);
      if (!this.#segments.has(number)) await rm(path.join(this.directory, file));
    }
    this.#active++;
  }

  /** Writes contents; resolves when they are in the file. Each reference holds until `release`. */
  async append(contents: readonly Buffer[]): Promise<BodyRef[]> {
    const bytes = contents.length === 1 && contents[0] ? contents[0] : Buffer.concat(contents);
    let segment = this.#segments.get(this.#active) ?? this.#openSegment(this.#active);
    if (segment.size >= SEGMENT_BYTES) {
      this.#active++;
      segment = this.#openSegment(this.#active);
    }
    let offset = segment.size;
    const start = offset;
    segment.size += bytes.length;
    segment.live += contents.length;
    const refs = contents.map((content) => {
      const ref = { segment: this.#active, offset, length: content.length, crc: crc32(content) };
      offset += content.length;
      return ref;
    });
    try {
      await writeAll(await segment.handle, bytes, start);
    } catch (error) {
      await Promise.all(refs.map((ref) => this.release(ref)));
      throw error;
    }
    return refs;
  }

  /** Reads contents, in the order of the references. @throws Error when one is damaged. */
  async read(refs: readonly BodyRef[]): Promise<Buffer[]> {
    const contents: Buffer[] = [];
    for (let first = 0; first < refs.length; ) {
      const run = adjacent(refs, first);
      contents.push(...(await this.#readRun(run)));
      first += run.length;
    }
    return contents;
  }

  /** Gives a reference up; the segment's file is deleted with its last one. */
  async release(ref: BodyRef): Promise<void> {
    const segment = this.#segments.get(ref.segment);
    if (!segment || --segment.live > 0) return;
    // A small active segment is kept: an almost empty queue would make a file a message otherwise.
    if (ref.segment === this.#active && segment.size < SEGMENT_BYTES / 16) return;
    if (ref.segment === this.#active) this.#active++;
    this.#segments.delete(ref.segment);
    await (await segment.handle).close();
    await rm(this.#file(ref.segment), { force: true });
  }

  async close(): Promise<void> {
    for (const { handle } of this.#segments.values()) await (await handle).close();
    this.#segments.clear();
  }

  async #readRun(refs: readonly BodyRef[]): Promise<Buffer[]> {
    const [first] = refs;
    const last = refs.at(-1);
    if (!first || !last) return [];
    const segment = this.#segments.get(first.segment);
    if (!segment) throw new Error(`${this.#file(first.segment)} is missing: its messages can't be read`);
    const bytes = Buffer.allocUnsafe(last.offset + last.length - first.offset);
    await readAll(await segment.handle, bytes, first.offset);
    return refs.map((ref) => {
      const content = bytes.subarray(ref.offset - first.offset, ref.offset - first.offset + ref.length);
      if (crc32(content) === ref.crc) return content;
      throw new Error(`${this.#file(ref.segment)}: damaged message at byte ${ref.offset}`);
    });
  }

  #openSegment(number: number): Segment {
    // Not "a": appends of one file are written side by side at their own offsets.
    const handle = open(this.#file(number), "r+").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return open(this.#file(number), "wx+", 0o600);
      throw error;
    });
    // Whoever awaits the handle gets the error; nobody may.
    handle.catch(() => this.#segments.delete(number));
    const segment = { handle, size: 0, live: 0 };
    this.#segments.set(number, segment);
    return segment;
  }

  #file(segment: number): string {
    return path.join(this.directory, `${segment}.bodies`);
  }
}

/** The references from `first` on that lie one after the other in the same file. */
function adjacent(refs: readonly BodyRef[], first: number): BodyRef[] {
  const run: BodyRef[] = [];
  let length = 0;
  for (let at = first; at < refs.length; at++) {
    const ref = refs[at];
    const before = run.at(-1);
    if (!ref) break;
    const follows =
      !before || (before.segment === ref.segment && before.offset + before.length === ref.offset);
    if (!follows || (run.length > 0 && length + ref.length > READ_BYTES)) break;
    run.push(ref);
    length += ref.length;
  }
  return run;
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function readAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) throw new Error(`the file ends before byte ${position + bytes.length}`);
    done += bytesRead;
  }
}
