import type { QueueDepth } from "../aws/queues.ts";
import type { ManifestKind } from "../ingest/manifest.ts";
import type { End } from "./proof.ts";
import type { TallyCounts } from "./tally.ts";

/** An object of a run, and where it is. */
export type ObjectReport = { key: string; versionId: string | null } & (
  | End
  /** `landed`: whether that version still lies in the landing bucket; null where it was not looked up. */
  | { state: "missing"; landed: boolean | null }
);

/** An event of a run, and where it is. */
export type EventReport = { eventId: string } /** It is in this object, `s3://bucket/key`. */ & (
  | { state: "processed"; output: string }
  /** The delivery could not place it: it is in this object under the error prefix, with the reason. */
  | { state: "rejected"; output: string; errorCode: string | null; message: string | null }
  | { state: "missing" }
);

/** A file of a run, and where its rows are: `rows = processed + rejected + deadLettered + missing`. */
export interface FileReport extends Omit<TallyCounts, "accepted"> {
  key: string;
  versionId: string;
  rows: number;
  /** The run report that tells of it, `s3://bucket/key`; null where none does. */
  report: string | null;
  /** Why rows are missing, rejected as a whole or dead-lettered; null where the report has it all. */
  why: string | null;
}

/** The records of a run, by the kind of its manifest. */
export interface RunRecords {
  files: FileReport[];
  objects: ObjectReport[];
  events: EventReport[];
}

/** What `edp reconcile` found of one run: with the kind `objects`, `objects` lists each of them. */
export type RunReport = {
  [Kind in ManifestKind]: RunFacts & { kind: Kind } & Pick<RunRecords, Kind>;
}[ManifestKind];

export interface RunFacts extends TallyCounts {
  runId: string;
  pipeline: string;
  /** Bucket that the records landed or ended in. */
  bucket: string;
  /** Path from the project directory. */
  manifest: string;
  startedAt: string;
  /** Null where the manifest has no closing line: the run was killed, or goes on. */
  finishedAt: string | null;
  /** The run was stopped by Ctrl-C before its source had ended. */
  interrupted: boolean;
  /** Number of outputs that hold what was processed. */
  outputs: number;
  /** Queues that are not empty, where records are missing: what lies there may be theirs. */
  underWay: ({ queue: string } & QueueDepth)[];
  /** What a reader has to know to judge the figures. */
  notes: string[];
  /** Figures of the manifest's kind alone. */
  figures?: Readonly<Record<string, number>>;
}

/** Result of `edp reconcile`: the sums, and each run. */
export interface ReconcileResult extends TallyCounts {
  env: string;
  seconds: number;
  runs: RunReport[];
  /** Runs that this environment can tell nothing of, with `--all`. */
  skipped: { runId: string; reason: string }[];
}
