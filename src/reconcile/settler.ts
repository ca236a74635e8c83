import type { Clients } from "../aws/clients.ts";
import type { Context } from "../context.ts";
import type { ManifestEntries, ManifestHeader, ManifestKind } from "../ingest/manifest.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";
import type { RunRecords } from "./report.ts";
import type { DeadLetter, TallyCounts } from "./tally.ts";

/** What a settler is given: a run's manifest, and the environment that it was sent to. */
export interface SettleRequest<Kind extends ManifestKind> {
  header: ManifestHeader & { bucket: string };
  /** Taken while the settler is opened. */
  entries: AsyncIterable<ManifestEntries[Kind]>;
  deployment: Deployment;
  deployed: DeployedPipeline;
  clients: Clients;
  context: Pick<Context, "env" | "now" | "signal">;
  /**
   * When the run's last entry was written, milliseconds since the epoch: it is over, and looked at once, thoroughly.
   * Null for a run that has just been sent and is waited for: it is looked at again and again.
   */
  lastWritten: number | null;
}

/**
 * Finds where the records of one run ended. It keeps the tally and looks for durable facts only; nothing is consumed
 * or changed. `--wait` looks again and again, `edp reconcile` once and thoroughly.
 */
export interface Settler<Kind extends ManifestKind = ManifestKind> {
  /** As of the last look, in the pipeline's unit. */
  readonly counts: TallyCounts;
  readonly deadLetters: DeadLetter[];
  /** Figures of this kind alone, for the results; e.g. `duplicates`. */
  readonly figures?: Readonly<Record<string, number>>;
  /**
   * Looks for the ends of what is open.
   * @param thorough also where nothing seems to have changed, and where each open record costs a request
   * @param onFound called now and then while the counts change
   */
  look(thorough: boolean, onFound?: () => void): Promise<void>;
  /**
   * Each record and where it is, after the last look.
   * @param onTheWay whether queues of the pipeline still hold messages
   */
  settled(onTheWay: boolean): Promise<Settled<Kind>>;
}

export interface Settled<Kind extends ManifestKind> {
  records: RunRecords[Kind];
  /** Number of outputs that hold what was processed. */
  outputs: number;
  /** Not one record is there any more, nor a trace: the environment was emptied or made anew since. */
  gone: boolean;
  /** What a reader has to know about what is missing. */
  notes: string[];
}

/**
 * One kind of manifest. To add one: its entry in `ManifestEntries` (src/ingest/manifest.ts), its records in
 * `RunRecords` (report.ts), a `SettlerKind` in a file of its own, a line in `SETTLERS` (settlers.ts), and how it is
 * shown in `SHOWN_AS` (src/commands/reconcile.ts). An ingest then writes a manifest of that kind
 * and calls `waitForManifest`; wait, timeout, progress, exit codes and `edp reconcile` follow.
 */
export interface SettlerKind<Kind extends ManifestKind> {
  /** What is counted, for progress: `objects`, `events`, `rows`. */
  unit: string;
  open(request: SettleRequest<Kind>): Promise<Settler<Kind>>;
}
