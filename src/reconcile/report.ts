import type { QueueDepth } from "../aws/queues.ts";
import type { End } from "./proof.ts";
import type { TallyCounts } from "./tally.ts";

/** An object of a run, and where it is. */
export type ObjectReport = { key: string; versionId: string | null } & (
  | End
  /** `landed`: whether that version still lies in the landing bucket; null where it was not looked up. */
  | { state: "missing"; landed: boolean | null }
);

/** What `edp reconcile` found of one run. */
export interface RunReport extends TallyCounts {
  runId: string;
  pipeline: string;
  /** Bucket the objects landed in. */
  bucket: string;
  /** Path from the project directory. */
  manifest: string;
  startedAt: string;
  /** Null where the manifest has no closing line: the run was killed, or goes on. */
  finishedAt: string | null;
  /** The run was stopped by Ctrl-C before its source had ended. */
  interrupted: boolean;
  /** Number of outputs that hold the processed objects. */
  outputs: number;
  /** Queues that are not empty, where objects are missing: what lies there may be theirs. */
  underWay: ({ queue: string } & QueueDepth)[];
  /** What a reader has to know to judge the figures. */
  notes: string[];
  /** Every object of the run. */
  objects: ObjectReport[];
}

/** Result of `edp reconcile`: the sums, and each run. */
export interface ReconcileResult extends TallyCounts {
  env: string;
  seconds: number;
  runs: RunReport[];
  /** Runs that this environment can tell nothing of, with `--all`. */
  skipped: { runId: string; reason: string }[];
}
