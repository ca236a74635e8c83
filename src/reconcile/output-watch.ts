import type { S3Client } from "@aws-sdk/client-s3";
import { listProcessed } from "./outputs.ts";

/** Clocks of this machine and of S3 may differ by this much. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** Follows the outputs of a run as they appear; each output's footer is read once. */
export class OutputWatch {
  readonly #read = new Set<string>();
  readonly #since: Date;

  constructor(
    private readonly s3: S3Client,
    /** Buckets that functions write outputs to. */
    private readonly buckets: readonly string[],
    startedMs: number,
  ) {
    this.#since = new Date(startedMs - CLOCK_SKEW_MS);
  }

  /** Names (`versionKey`) of the object versions in outputs that have come since the last call. */
  async next(): Promise<string[]> {
    const found: string[] = [];
    for (const bucket of this.buckets) {
      const processed = await listProcessed(this.s3, bucket, {
        since: this.#since,
        known: this.#read,
      });
      for (const [id, output] of processed) {
        found.push(id);
        this.#read.add(output);
      }
    }
    return found;
  }
}
