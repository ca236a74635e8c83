import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Kind } from "../../lambda/partner/process/day-file.ts";
import { BOM, HEAD_BYTES, readHead, withoutBom } from "../../lambda/partner/process/head.ts";
import { NOT_UTF8 } from "../../lambda/partner/process/odd-record.ts";
import { Scanner } from "../../lambda/partner/process/scan.ts";

const LF = 0x0a;

/** What is known of a file before it is sent. */
export interface CheckedFile {
  bytes: number;
  sha256: string;
  /** Rows without header and blank lines, as the function `process` counts them; lines where there is no header. */
  rows: number;
  /** Why it should not be sent: it could not be read, or not all of it. */
  faults: string[];
  /** What is unusual, and does no harm. */
  notes: string[];
}

/**
 * Reads a file once, as a stream: its hash and number of rows, and whether header, encoding and delimiter are right.
 * What is wrong in single rows is for the pipeline to tell; it processes the others.
 * @throws what the file system throws; the signal's reason when it is aborted
 */
export async function checkFile(kind: Kind, file: string, signal: AbortSignal): Promise<CheckedFile> {
  const hash = createHash("sha256");
  const content = new ContentCheck(kind);
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    hash.update(chunk);
    bytes += chunk.length;
    content.push(chunk);
  }
  content.end();
  const { rows, faults, notes } = content;
  return { bytes, sha256: hash.digest("hex"), rows, faults, notes };
}

/** Looks at the beginning of a file as a whole, then at its records. */
class ContentCheck {
  rows = 0;
  readonly faults: string[] = [];
  readonly notes: string[] = [];
  #head: Buffer | undefined = Buffer.alloc(0);
  #scanner: Scanner | undefined;

  constructor(private readonly kind: Kind) {}

  push(chunk: Buffer): void {
    if (this.#head === undefined) {
      if (this.#scanner) this.#scanner.push(chunk);
      else this.#countLines(chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length >= HEAD_BYTES) this.#open(this.#head, false);
  }

  end(): void {
    if (this.#head) this.#open(this.#head, true);
    this.#scanner?.end();
  }

  #open(head: Buffer, whole: boolean): void {
    this.#head = undefined;
    const layout = readHead(this.kind, head.subarray(0, HEAD_BYTES), whole);
    if (Array.isArray(layout)) {
      for (const { message } of layout) this.faults.push(message);
      this.#countLines(head);
      return;
    }
    if (head.subarray(0, BOM.length).equals(BOM)) this.notes.push("a byte order mark is passed over");
    const records = {
      row: () => {
        this.rows++;
      },
      odd: (line: number, record: string[] | { message: string }) => {
        this.rows++;
        if (Array.isArray(record) || record.message !== NOT_UTF8 || this.faults.length > 0) return;
        this.faults.push(`line ${line}: ${record.message}`);
      },
    };
    this.#scanner = new Scanner(0, {
      row() {},
      odd: () => this.#scanner?.continueWith(layout.width, records),
    });
    this.#scanner.push(withoutBom(head));
  }

  #countLines(bytes: Buffer): void {
    for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) this.rows++;
  }
}
