import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { CsvScanner, type Reject } from "./csv/scanner.ts";
import type { Dataset } from "./datasets.ts";

/** What became of one file's rows. */
export interface Loaded {
  rows: number;
  rejected: number;
  /** Columns of the file that were left out. */
  extraColumns: string[];
  /** Each key is greater than that before, so that no row can be a duplicate. */
  keysAscend: boolean;
}

/** Name of the fresh table that becomes a dataset's table at the end of the transaction. */
export const fresh = (dataset: Pick<Dataset, "table">): string => `${dataset.table}_fresh`;

/**
 * Streams a CSV file into a fresh table by COPY, inside the caller's transaction. Rows at fault go to `onReject`.
 * @param body the file's bytes
 * @throws PermanentFault EMPTY_FILE, BAD_HEADER; what onReject throws; what the connection or the body throw
 */
export async function loadFile(
  client: Client,
  dataset: Dataset,
  file: string,
  body: Readable,
  onReject: (reject: Reject) => void,
  signal?: AbortSignal,
): Promise<Loaded> {
  const scanner = new CsvScanner(dataset, file, onReject);
  const chunks = scan(scanner, body);
  // The columns' order is the file's: its header comes first.
  const first = await chunks.next();
  const columns = ["line_no", ...(scanner.columns ?? [])].join(", ");
  await client.query(
    `create table ${fresh(dataset)} (like ${dataset.table} including defaults including constraints)`,
  );
  const copy = client.query(
    copyFrom(`copy ${fresh(dataset)} (${columns}) from stdin with (format text, delimiter ',', null '')`),
  );
  await pipeline(Readable.from(following(first, chunks), { objectMode: true }), copy, { signal });
  const { rows, rejected, extraColumns, keysAscend } = scanner;
  return { rows, rejected, extraColumns, keysAscend };
}

async function* scan(scanner: CsvScanner, body: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    const out = scanner.push(chunk as Buffer);
    if (out.length > 0) yield out;
  }
  const out = scanner.end();
  if (out.length > 0) yield out;
}

async function* following(
  first: IteratorResult<Buffer>,
  rest: AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
