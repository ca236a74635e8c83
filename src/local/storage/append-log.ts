import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";

/** Bytes read at a time when a log is opened, so that a log of any size needs little memory. */
const READ_BYTES = 1024 * 1024;
/** Characters written at a time when a log is compacted. */
const WRITE_CHARACTERS = 1024 * 1024;
const NEWLINE = 0x0a;
/** Width of the checksum and the space behind it. */
const HEAD_BYTES = 9;

/** The part of a file handle a log needs; tests hand in one that fails. */
export type LogHandle = Pick<FileHandle, "read" | "write" | "truncate" | "close">;
export type OpenLog = (file: string) => Promise<LogHandle>;

interface Pending {
  line: string;
  records: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * An append-only file of JSON records, one a line behind its CRC-32: `<crc as 8 hex digits> <json>\n`.
 * `append` resolves once the record is written, so whoever answers after it has lost nothing to a
 * `kill -9`. Appends that arrive together share one write. A torn tail (the record being written at a
 * crash) is dropped at the next open; damage before the tail is an error, never skipped.
 */
export class AppendLog<R> {
  #handle: LogHandle;
  #size: number;
  #pending: Pending[] = [];
  #writing: Promise<void> | null = null;
  #records: number;
  /** Set when a failed write could not be taken back: what the file ends with is then unknown. */
  #broken: Error | null = null;

  private constructor(
    readonly file: string,
    private readonly openLog: OpenLog,
    handle: LogHandle,
    size: number,
    records: number,
  ) {
    this.#handle = handle;
    this.#size = size;
    this.#records = records;
  }

  /**
   * Opens or creates the log and hands every intact record to `apply`, oldest first.
   * @throws Error naming file and byte when a record before the last one is damaged.
   */
  static async open<R>(
    file: string,
    apply: (record: R) => void,
    openLog: OpenLog = (name) => open(name, "a+", 0o600),
  ): Promise<AppendLog<R>> {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await rm(compactFile(file), { force: true });
    const handle = await openLog(file);
    try {
      const { intact, total, records } = await replay(file, handle, apply);
      if (intact < total) await handle.truncate(intact);
      return new AppendLog<R>(file, openLog, handle, intact, records);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Number of records in the file, live or not; compare with what is live to decide on `compact`. */
  get records(): number {
    return this.#records;
  }

  /** Resolves when the records are in the file; rejects, leaving none of them there, when they can't be (disk full). */
  append(...records: R[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const line = records.map(encode).join("");
    const written = new Promise<void>((resolve, reject) =>
      this.#pending.push({ line, records: records.length, resolve, reject }),
    );
    this.#records += records.length;
    this.#writing ??= this.#drain();
    return written.catch((error) => {
      this.#records -= records.length;
      throw error;
    });
  }

  /**
   * Replaces the whole log by `live`, atomically; appends made meanwhile come after it. `live` is called when
   * every resolved append had its turn to be applied: apply a record in the turn in which its append resolves.
   * When it fails (disk full) the old log stays in use.
   */
  async compact(live: () => Iterable<R>): Promise<void> {
    while (this.#writing) await this.#writing;
    let release = () => {};
    this.#writing = new Promise((resolve) => {
      release = resolve;
    });
    try {
      // Whoever waited for the last write applies its record first; otherwise `live` would miss it.
      await new Promise(setImmediate);
      const records = [...live()];
      let size = 0;
      const fresh = compactFile(this.file);
      await rm(fresh, { force: true });
      const handle = await this.openLog(fresh);
      try {
        for (const content of chunks(records)) {
          await writeAll(handle, content);
          size += content.length;
        }
        await rename(fresh, this.file);
      } catch (error) {
        await handle.close();
        await rm(fresh, { force: true });
        throw error;
      }
      const old = this.#handle;
      this.#handle = handle;
      this.#size = size;
      this.#records = this.#pending.reduce((sum, entry) => sum + entry.records, records.length);
      this.#broken = null;
      await old.close();
    } finally {
      this.#writing = this.#pending.length > 0 ? this.#drain() : null;
      release();
    }
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
    await this.#handle.close();
  }

  async #drain(): Promise<void> {
    // Lets everything that arrives in this turn share the write.
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        await this.#write(Buffer.from(batch.map((entry) => entry.line).join("")));
        for (const entry of batch) entry.resolve();
      } catch (error) {
        for (const entry of batch) entry.reject(error);
      }
    }
    this.#writing = null;
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#broken) throw this.#broken;
    try {
      await writeAll(this.#handle, bytes);
    } catch (error) {
      await this.#takeBack(error);
      throw error;
    }
    this.#size += bytes.length;
  }

  /** Cuts off what a failed write left behind; when even that fails, no later record may follow it. */
  async #takeBack(cause: unknown): Promise<void> {
    try {
      await this.#handle.truncate(this.#size);
    } catch {
      this.#broken = new Error(`${this.file}: a failed write could not be undone; restart the engine`, {
        cause,
      });
    }
  }
}

/** Records as they are written, some at a time: a large log neither needs its size in memory nor holds others up. */
function* chunks(records: readonly unknown[]): Generator<Buffer> {
  let text = "";
  for (const record of records) {
    text += encode(record);
    if (text.length < WRITE_CHARACTERS) continue;
    yield Buffer.from(text);
    text = "";
  }
  yield Buffer.from(text);
}

function compactFile(file: string): string {
  return `${file}.compact`;
}

async function writeAll(handle: LogHandle, bytes: Buffer): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, offset);
    offset += bytesWritten;
  }
}

/** Reads the log through; `intact` is where the last whole record ends, `total` where the file does. */
async function replay<R>(
  file: string,
  handle: LogHandle,
  apply: (record: R) => void,
): Promise<{ intact: number; total: number; records: number }> {
  const chunk = Buffer.alloc(READ_BYTES);
  let rest = Buffer.alloc(0);
  let total = 0;
  let intact = 0;
  let records = 0;
  let damagedAt = -1;
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, total);
    if (bytesRead === 0) break;
    total += bytesRead;
    rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let start = 0;
    for (;;) {
      const end = rest.indexOf(NEWLINE, start);
      if (end === -1) break;
      if (damagedAt !== -1) throw damaged(file, damagedAt);
      const record = decode<R>(rest.toString("utf8", start, end));
      if (record) {
        apply(record.value);
        records++;
        intact += end + 1 - start;
      } else damagedAt = intact;
      start = end + 1;
    }
    rest = rest.subarray(start);
  }
  if (damagedAt !== -1 && rest.length > 0) throw damaged(file, damagedAt);
  return { intact, total, records };
}

function damaged(file: string, offset: number): Error {
  return new Error(
    `${file}: damaged record at byte ${offset}, not at the end of the file; restore the file, or remove the local environment with \`edp destroy\` and deploy it anew`,
  );
}

function encode(record: unknown): string {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16).padStart(8, "0")} ${json}\n`;
}

function decode<R>(line: string): { value: R } | undefined {
  const json = line.slice(HEAD_BYTES);
  if (line.length <= HEAD_BYTES || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return undefined;
  return { value: JSON.parse(json) as R };
}
