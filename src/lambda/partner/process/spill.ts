import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Bytes written at a time. */
const BLOCK_BYTES = 128 * 1024;
const LENGTH_BYTES = 4;

/**
 * A list of records on disk, in `/tmp`: first all are written, then all are read. The file has no name, so that
 * nothing stays when the process is killed.
 */
export class SpillFile {
  readonly #file = openNameless();
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #used = LENGTH_BYTES;
  #written = 0;

  /**
   * Makes room for a record and has it written.
   * @param write writes at most `atMost` bytes at the offset and returns the offset behind them
   */
  append(atMost: number, write: (block: Buffer, offset: number) => number): void {
    if (this.#used + atMost > BLOCK_BYTES) this.#flush();
    this.#used = write(this.#block, this.#used);
  }

  /** Blocks of whole records, in the order in which they were written. */
  *blocks(): Generator<Buffer> {
    this.#flush();
    for (let position = 0; position < this.#written; ) {
      this.#read(LENGTH_BYTES, position);
      const bytes = this.#block.readUInt32LE(0);
      this.#read(bytes, position);
      position += bytes;
      yield this.#block.subarray(LENGTH_BYTES, bytes);
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #flush(): void {
    if (this.#used === LENGTH_BYTES) return;
    this.#block.writeUInt32LE(this.#used, 0);
    for (let done = 0; done < this.#used; ) {
      done += writeSync(this.#file, this.#block, done, this.#used - done, this.#written + done);
    }
    this.#written += this.#used;
    this.#used = LENGTH_BYTES;
  }

  #read(bytes: number, position: number): void {
    for (let done = 0; done < bytes; ) {
      const read = readSync(this.#file, this.#block, done, bytes - done, position + done);
      if (read === 0) throw new Error("a spilled file is shorter than what was written to it");
      done += read;
    }
  }
}

function openNameless(): number {
  const directory = mkdtempSync(path.join(tmpdir(), "edp-partner-"));
  const file = openSync(path.join(directory, "spill"), "w+", 0o600);
  rmSync(directory, { recursive: true });
  return file;
}
