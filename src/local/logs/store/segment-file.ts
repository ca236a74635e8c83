import { createReadStream } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import path from "node:path";

const NEWLINE = 0x0a;
const NAME = /^(\d{8})\.log$/;

export interface SegmentFile {
  number: number;
  bytes: number;
  /** When it was last written, in milliseconds since the epoch. */
  modified: number;
}

export function segmentPath(directory: string, segment: number): string {
  return path.join(directory, `${String(segment).padStart(8, "0")}.log`);
}

/** The segment files of a directory, oldest first; none where it doesn't exist. */
export async function listSegments(directory: string): Promise<SegmentFile[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const segments: SegmentFile[] = [];
  for (const name of names.sort()) {
    const number = NAME.exec(name)?.[1];
    if (number === undefined) continue;
    const { size, mtimeMs } = await stat(path.join(directory, name));
    segments.push({ number: Number(number), bytes: size, modified: mtimeMs });
  }
  return segments;
}

/** Every whole line of a file with its offset. The torn line that a crash leaves at the end is none. */
export async function* lines(file: string): AsyncGenerator<{ line: Buffer; offset: number }> {
  let rest: Buffer[] = [];
  let offset = 0;
  for await (const piece of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, from)) {
      const tail = piece.subarray(from, end);
      const line = rest.length > 0 ? Buffer.concat([...rest, tail]) : tail;
      rest = [];
      yield { line, offset };
      offset += line.length + 1;
      from = end + 1;
    }
    if (from < piece.length) rest.push(piece.subarray(from));
  }
}

/** Splits bytes that end with a line break into lines with their offsets from `start`. */
export function* linesOf(bytes: Buffer, start: number): Generator<{ line: Buffer; offset: number }> {
  let from = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
    yield { line: bytes.subarray(from, end), offset: start + from };
    from = end + 1;
  }
}

export async function readRange(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** Appends to one new segment file. */
export class SegmentWriter {
  #size = 0;

  private constructor(
    readonly number: number,
    private readonly handle: FileHandle,
  ) {}

  static async create(directory: string, number: number): Promise<SegmentWriter> {
    return new SegmentWriter(number, await open(segmentPath(directory, number), "ax", 0o600));
  }

  get size(): number {
    return this.#size;
  }

  /** Writes whole lines and returns their offset; leaves none of them behind when it fails (disk full). */
  async append(bytes: Buffer): Promise<number> {
    const offset = this.#size;
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.handle.write(bytes, done)).bytesWritten;
      }
    } catch (error) {
      await this.handle.truncate(offset);
      throw error;
    }
    this.#size += bytes.length;
    return offset;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
