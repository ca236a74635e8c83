import type { S3Client } from "@aws-sdk/client-s3";
import pMap from "p-map";
import { listOutputs, readSources } from "./outputs.ts";
import type { Finding, Proof } from "./proof.ts";
import { versionKey } from "./tally.ts";

/** Clocks of this machine and of S3 may differ by this much. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** Footers read at a time. */
const READS_AT_ONCE = 32;

/** When outputs of the records in question were written, milliseconds since the epoch. */
export interface OutputWindow {
  from: number;
  /** Absent: until now. Outputs that came later are found by the claims that name them. */
  until?: number;
}

/**
 * Processed, by the footers of the Parquet outputs: one list request for 1,000 outputs and one read for each,
 * oldest first, until nothing is open. Each footer is read once: an output never changes.
 */
export class OutputProof implements Proof {
  readonly #read = new Set<string>();

  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly window: OutputWindow,
  ) {}

  async *find(open: ReadonlySet<string>): AsyncGenerator<Finding> {
    const { from, until = Number.POSITIVE_INFINITY } = this.window;
    if (open.size === 0) return;
    const since = new Date(from - CLOCK_SKEW_MS);
    const listed = await listOutputs(this.s3, this.bucket, { since, known: this.#read });
    const outputs = listed
      .filter(({ modified }) => modified <= until + CLOCK_SKEW_MS)
      .sort((a, b) => a.modified - b.modified);
    for (let first = 0; first < outputs.length && open.size > 0; first += READS_AT_ONCE) {
      const some = outputs.slice(first, first + READS_AT_ONCE);
      const sources = await pMap(some, (output) => readSources(this.s3, this.bucket, output), {
        concurrency: READS_AT_ONCE,
      });
      for (const [index, { key: output }] of some.entries()) {
        this.#read.add(output);
        for (const [key, version] of sources[index] ?? []) {
          const end = { state: "processed", output: `s3://${this.bucket}/${output}` } as const;
          yield { id: versionKey(key, version), end };
        }
      }
    }
  }
}
