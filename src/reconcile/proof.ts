import type { Cause } from "../dead-letters/cause.ts";

/** Where an accepted record has come to its end, and the durable thing that says so. */
export type End =
  /** Its rows lie in this output, `s3://bucket/key`. */
  | { state: "processed"; output: string }
  /** Refused for good; the reason lies beside the outputs. */
  | ({ state: "rejected"; supersededBy: string | null } & Cause)
  /** A message about it lies in this dead-letter queue (its URL). */
  | ({ state: "deadLettered"; queue: string; messageId: string } & Cause);

export interface Finding {
  /** Name of the record, as `versionKey` makes it for object versions. */
  id: string;
  end: End;
}

/**
 * One kind of durable fact that shows where records of a pipeline ended: Parquet footers, claims, dead-letter
 * queues. A pipeline with other sinks brings a proof of its own; wait, reconcile and verified replay see only this.
 */
export interface Proof {
  /**
   * Looks for the ends of open records. It may be asked again and again, and tells what is new since.
   * @param open records whose end is not known; it shrinks while the findings are taken
   * @param thorough also look where nothing seems to have changed, and where each open record costs a request
   */
  find(open: ReadonlySet<string>, thorough: boolean): AsyncIterable<Finding>;
}
