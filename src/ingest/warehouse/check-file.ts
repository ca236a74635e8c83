import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { PermanentFault } from "../../lambda/shared/faults.ts";
import { CsvScanner, type Reject } from "../../lambda/warehouse/run/csv/scanner.ts";
import type { BatchFile } from "./find-files.ts";

/** What is known of a file before it is sent. */
export interface CheckedFile {
  bytes: number;
  sha256: string;
  /** Rows without header and blank lines, as the function counts them. */
  rows: number;
  /** Why the file would fail the run: it is empty, or its header is wrong. */
  fault: string | null;
  /** Rows that will be refused, and the first of them. */
  refused: number;
  first: Reject | null;
}

/** Reads a file once, as a stream, with the function's own scanner. @throws what the file system throws */
export async function checkFile({ dataset, file }: BatchFile): Promise<CheckedFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  let first: Reject | null = null;
  let scanner: CsvScanner | undefined = new CsvScanner(dataset, file, (reject) => {
    first ??= reject;
  });
  const { rows, rejected } = scanner;
  const counts = { rows, rejected };
  let fault: string | null = null;
  const attempt = (scan: (scanner: CsvScanner) => void) => {
    if (!scanner) return;
    try {
      scan(scanner);
      counts.rows = scanner.rows;
      counts.rejected = scanner.rejected;
    } catch (error) {
      if (!(error instanceof PermanentFault)) throw error;
      fault = error.message;
      scanner = undefined;
    }
  };
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    attempt((one) => one.push(chunk));
  }
  attempt((one) => one.end());
  return { bytes, sha256: hash.digest("hex"), rows: counts.rows, fault, refused: counts.rejected, first };
}
