import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";

interface Pending {
  line: string;
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
  #handle: FileHandle;
  #size: number;
  #pending: Pending[] = [];
  #writing: Promise<void> | null = null;
  #records: number;

  private constructor(
    readonly file: string,
    handle: FileHandle,
    size: number,
    records: number,
  ) {
    this.#handle = handle;
    this.#size = size;
    this.#records = records;
  }

  /** Opens or creates the log and hands every intact record to `apply`, oldest first. */
  static async open<R>(file: string, apply: (record: R) => void): Promise<AppendLog<R>> {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const content = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return Buffer.alloc(0);
      throw error;
    });
    let offset = 0;
    let records = 0;
    while (offset < content.length) {
      const end = content.indexOf(0x0a, offset);
      const record = end === -1 ? undefined : decode<R>(content.toString("utf8", offset, end));
      if (record === undefined) {
        if (end !== -1 && end !== content.length - 1) {
          throw new Error(`${file}: damaged record at byte ${offset}, not at the end of the file`);
        }
        break;
      }
      apply(record.value);
      records++;
      offset = end + 1;
    }
    const handle = await open(file, "a+", 0o600);
    if (offset < content.length) await handle.truncate(offset);
    return new AppendLog<R>(file, handle, offset, records);
  }

  /** Number of records in the file, live or not; compare with what is live to decide on `compact`. */
  get records(): number {
    return this.#records;
  }

  /** Resolves when the records are in the file; rejects, leaving none of them there, when they can't be (disk full). */
  append(...records: R[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const line = records.map(encode).join("");
    const written = new Promise<void>((resolve, reject) => this.#pending.push({ line, resolve, reject }));
    this.#records += records.length;
    this.#writing ??= this.#drain();
    return written.catch((error) => {
      this.#records -= records.length;
      throw error;
    });
  }

  /** Replaces the whole log by `live`, atomically. Appends made meanwhile come after it. */
  async compact(live: () => Iterable<R>): Promise<void> {
    while (this.#writing) await this.#writing;
    let release = () => {};
    this.#writing = new Promise((resolve) => {
      release = resolve;
    });
    try {
      const records = [...live()];
      const fresh = `${this.file}.compact`;
      const handle = await open(fresh, "w", 0o600);
      const content = records.map(encode).join("");
      await handle.writeFile(content);
      await handle.close();
      await rename(fresh, this.file);
      await this.#handle.close();
      this.#handle = await open(this.file, "a+", 0o600);
      this.#size = Buffer.byteLength(content);
      this.#records = records.length + this.#pending.length;
    } finally {
      release();
      this.#writing = this.#pending.length > 0 ? this.#drain() : null;
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
      const bytes = Buffer.from(batch.map((entry) => entry.line).join(""));
      try {
        await this.#write(bytes);
        for (const entry of batch) entry.resolve();
      } catch (error) {
        await this.#handle.truncate(this.#size);
        for (const entry of batch) entry.reject(error);
      }
    }
    this.#writing = null;
  }

  async #write(bytes: Buffer): Promise<void> {
    let offset = 0;
    while (offset < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, offset);
      offset += bytesWritten;
    }
    this.#size += bytes.length;
  }
}

function encode(record: unknown): string {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16).padStart(8, "0")} ${json}\n`;
}

function decode<R>(line: string): { value: R } | undefined {
  const json = line.slice(9);
  if (line.length < 10 || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return undefined;
  return { value: JSON.parse(json) as R };
}
