import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** Where a text lies in a spill file. */
export interface Spilled {
  offset: number;
  length: number;
}

/** Texts put aside on disk instead of in memory: a temporary file that only this process can read. */
export class SpillFile {
  #directory: string | undefined;
  #handle: FileHandle | undefined;
  #size = 0;

  async write(text: string): Promise<Spilled> {
    const handle = await this.#open();
    const bytes = Buffer.from(text);
    const spilled = { offset: this.#size, length: bytes.length };
    await handle.write(bytes, 0, bytes.length, spilled.offset);
    this.#size += bytes.length;
    return spilled;
  }

  async read({ offset, length }: Spilled): Promise<string> {
    const bytes = Buffer.alloc(length);
    await (await this.#open()).read(bytes, 0, length, offset);
    return bytes.toString("utf8");
  }

  /** Deletes the file. */
  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    if (this.#directory) await rm(this.#directory, { recursive: true, force: true });
  }

  async #open(): Promise<FileHandle> {
    if (this.#handle) return this.#handle;
    this.#directory = await mkdtemp(path.join(tmpdir(), "edp-"));
    const file = path.join(this.#directory, "spill");
    this.#handle = await open(file, "wx+", 0o600);
    return this.#handle;
  }
}
