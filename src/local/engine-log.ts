import { copyFileSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import type { Clock } from "./clock.ts";

/** Size above which the log begins anew, in bytes; what it held is kept in one older file. */
const MAX_BYTES = 10 * 1024 * 1024;
/** After a copy that failed, the log may grow by this much before the next one. */
const RETRY_BYTES = 1024 * 1024;
/** Pause after which it is tried to say what is missing, in milliseconds. */
const RETRY_MS = 5_000;

/** Where the lines of before the last new beginning are. */
export function olderLog(file: string): string {
  return `${file}.1`;
}

export interface EngineLogOptions {
  file: string;
  clock: Clock;
  maxBytes?: number;
  /** Writes to the open file; tests hand in one that fails. */
  write?: typeof writeSync;
}

/**
 * The background engine's own log. A line that can't be written (disk full) is counted and dropped, since the
 * engine outlives its log; when there is room again, it says how many are missing.
 * The file is emptied in place rather than renamed: Node's own last words come through a descriptor of the parent's.
 */
export class EngineLog {
  readonly #fd: number;
  readonly #write: typeof writeSync;
  #limit: number;
  #missing = 0;
  #why = "";

  /** @throws the error of the file system when the file can't be opened */
  constructor(private readonly options: EngineLogOptions) {
    this.#fd = openSync(options.file, "a", 0o600);
    this.#write = options.write ?? writeSync;
    this.#limit = this.#maxBytes;
  }

  /** Writes one line with its time in front. Never throws. */
  line(text: string): void {
    try {
      this.#beginAnew();
      this.#tellMissing();
      this.#append(`${this.#stamp()} ${text}\n`);
    } catch (error) {
      if (this.#missing++ === 0) this.#tellLater();
      this.#why = (error as Error).message;
    }
  }

  #tellMissing(): void {
    if (this.#missing === 0) return;
    // The line before may have been cut off in its middle.
    this.#append(`\n${this.#stamp()} lines missing here: ${this.#missing} (${this.#why})\n`);
    this.#missing = 0;
  }

  #tellLater(): void {
    this.options.clock.after(RETRY_MS, () => {
      try {
        this.#tellMissing();
      } catch {
        this.#tellLater();
      }
    });
  }

  get #maxBytes(): number {
    return this.options.maxBytes ?? MAX_BYTES;
  }

  #stamp(): string {
    return new Date(this.options.clock.now()).toISOString();
  }

  #append(text: string): void {
    const bytes = Buffer.from(text);
    for (let offset = 0; offset < bytes.length; ) offset += this.#write(this.#fd, bytes, offset);
  }

  #beginAnew(): void {
    const { size } = fstatSync(this.#fd);
    if (size < this.#limit) return;
    this.#limit = this.#maxBytes;
    try {
      copyFileSync(this.options.file, olderLog(this.options.file));
      ftruncateSync(this.#fd, 0);
    } catch {
      // Lines are worth more than the limit: the log grows a little, until the disk has room for the copy.
      this.#limit = size + RETRY_BYTES;
    }
  }
}
