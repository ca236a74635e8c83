import type { OutputClaim } from "../../shared/claims.ts";
import { deadline } from "../../shared/deadline.ts";
import type { ObjectEvent } from "../../shared/object-events.ts";
import { OUTPUT_METADATA } from "../../shared/output-metadata.ts";
import { ParquetFile } from "../../shared/parquet/writer.ts";
import { Upload } from "../../shared/upload.ts";
import type { Invocation } from "./invocation.ts";
import { type Dataset, SCHEMA_VERSION } from "./schema.ts";
import { type Row, rowSchema } from "./transform.ts";

/** Input up to which a batch is done so soon that its claims need not last until the deadline. */
const QUICK_BYTES = 32 * 1024 * 1024;
/** How long a quick batch may take from its first claim to its outputs. */
const QUICK_LEASE_MS = 7_000;
/** Between the last moment of a write and the end of its claims: S3 may still be finishing it. */
const LEASE_MARGIN_MS = 3_000;

/** How long an invocation with this much input may write under its claims, in milliseconds. */
export function leaseMs(inputBytes: number, remainingMs: number): number {
  return inputBytes <= QUICK_BYTES ? Math.min(QUICK_LEASE_MS, remainingMs) : remainingMs;
}

/**
 * One Parquet file being written: one dataset, one UTC date of the events' times, one invocation. Its key
 * is used once: a claim that names it must mean this very file.
 */
export class Output {
  readonly key: string;
  readonly sources: [key: string, version: string][] = [];
  readonly #file: ParquetFile;
  readonly #upload: Upload;
  readonly #writeUntil: number;
  #spoiled: Error | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataset: Dataset,
    /** `YYYY-MM-DD` */
    date: string,
    private readonly run: Invocation,
    lease: number,
  ) {
    const name = `${dataset.name}-${run.requestId}-${run.nonce()}.parquet`;
    this.key = `dataset=${dataset.name}/ingest_date=${date}/${name}`;
    this.#writeUntil = run.now() + lease;
    const signal = deadline(lease, run.signal);
    this.#upload = new Upload(run.s3, { Bucket: run.environment.staging, Key: this.key }, signal);
    this.#file = new ParquetFile(rowSchema(dataset), (bytes) => this.#upload.push(bytes));
  }

  /** The claim of an object version for this output. */
  claimFor({ bucket, key, version }: ObjectEvent): OutputClaim {
    return {
      source: { bucket, key, version },
      output: this.key,
      requestId: this.run.requestId,
      expiresAt: this.#writeUntil + LEASE_MARGIN_MS,
    };
  }

  /** Adds rows; resolves when they, or enough of them, have left the memory. */
  async add(rows: Iterable<Row>): Promise<void> {
    for (const row of rows) this.#file.add(row);
    this.#sending = this.#sending.then(() => this.#upload.drain());
    await this.#sending;
  }

  /** Names an object version whose rows are all in. */
  addSource({ key, version }: ObjectEvent): void {
    this.sources.push([key, version]);
  }

  get rows(): number {
    return this.#file.rows;
  }

  /** Makes sure that the output is never written: one of the claims that name it may not be covered by it. */
  spoil(reason: Error): void {
    this.#spoiled ??= reason;
  }

  /** Makes the file visible. @throws when it is spoiled, its claims have run out, or S3 refuses it */
  async complete(): Promise<void> {
    if (this.#spoiled) throw this.#spoiled;
    this.#file.finish({
      [OUTPUT_METADATA.sources]: JSON.stringify(this.sources),
      [OUTPUT_METADATA.dataset]: this.dataset.name,
      [OUTPUT_METADATA.schemaVersion]: String(SCHEMA_VERSION),
    });
    if (this.run.now() >= this.#writeUntil) throw new Error(`the claims of ${this.key} have run out`);
    await this.#upload.complete();
  }

  /** Drops what was written. */
  async abort(): Promise<void> {
    await this.#upload.abort();
  }
}

/** The outputs of one invocation. */
export class Outputs {
  readonly #outputs = new Map<string, Output>();

  constructor(
    private readonly run: Invocation,
    private readonly lease: number,
  ) {}

  /** The output that an event's rows belong in. The date is the event's, never the clock's. */
  for(dataset: Dataset, event: ObjectEvent): Output {
    const date = event.time.slice(0, 10);
    const id = `${dataset.name}/${date}`;
    let output = this.#outputs.get(id);
    if (!output) {
      output = new Output(dataset, date, this.run, this.lease);
      this.#outputs.set(id, output);
    }
    return output;
  }

  all(): Output[] {
    return [...this.#outputs.values()];
  }
}
