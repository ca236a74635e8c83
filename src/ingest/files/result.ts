import { EXIT, type ExitCode } from "../../errors.ts";
import type { DeadLetter } from "../../reconcile/tally.ts";
import { counted, formatBytes } from "../../terminal/format.ts";
import type { Terminal } from "../../terminal/terminal.ts";

/** A file of a run, and what became of it. */
export interface SentFile {
  /** Path from the project directory. */
  file: string;
  key: string;
  rows: number;
  bytes: number;
  /** `unchanged`: the bucket has these very bytes; `planned`: of a dry run. */
  status: "accepted" | "unchanged" | "failed" | "planned";
  versionId: string | null;
  /** Why it failed. */
  reason: string | null;
}

/** Result of an ingest that uploads files; all counts are rows, header and blank lines left out. */
export interface FilesResult {
  env: string;
  runId: string;
  pipeline: string;
  dryRun: boolean;
  accepted: number;
  /** Rows of files that the bucket has unchanged. */
  skipped: number;
  /** Rows of files that could not be uploaded. */
  failed: number;
  /** Bytes uploaded. */
  bytes: number;
  seconds: number;
  /** Path of the run's manifest; null for a dry run. */
  manifest: string | null;
  files: SentFile[];
  /** Inputs that were not sent, with the reason. */
  rejectedInputs: { file: string; reason: string }[];
  /** What a reader has to know; nothing was held up by it. */
  notes: string[];
  /** With `--wait`: */
  processed?: number;
  rejected?: number;
  deadLettered?: number;
  missing?: number;
  timedOut?: boolean;
  deadLetters?: DeadLetter[];
}

/** Reasons shown to people; `--json` has them all. */
const SHOWN = 10;

export function filesExitCode(result: FilesResult): ExitCode {
  if (result.rejectedInputs.length > 0 || result.files.some(({ status }) => status === "failed")) {
    return EXIT.partlyDone;
  }
  const open = (result.deadLettered ?? 0) + (result.missing ?? 0);
  return open > 0 || result.timedOut ? EXIT.checkFailed : EXIT.done;
}

export function renderFiles(result: FilesResult, terminal: Terminal): void {
  const { color } = terminal;
  const mark = filesExitCode(result) === EXIT.done ? color.green("✔") : color.red("✖");
  const of = (status: SentFile["status"]) => result.files.filter((one) => one.status === status).length;
  const verb = result.dryRun ? "would be sent" : "accepted";
  terminal.out(
    `${mark} ${result.env}: ${counted(result.accepted, "row")} ${verb} in ` +
      `${counted(of(result.dryRun ? "planned" : "accepted"), "file")}, ` +
      `${result.skipped} skipped, ${result.failed} failed, ${formatBytes(result.bytes)} in ${result.seconds.toFixed(1)} s\n`,
  );
  for (const { key, rows, status, reason } of result.files.slice(0, SHOWN)) {
    terminal.out(
      color.dim(`  ${status.padEnd(9)}  ${key}  ${counted(rows, "row")}${reason ? `: ${reason}` : ""}\n`),
    );
  }
  if (result.files.length > SHOWN) terminal.out(color.dim(`  ... and ${result.files.length - SHOWN} more\n`));
  if (result.processed !== undefined) {
    terminal.out(
      `  ${result.processed} processed + ${result.rejected} rejected + ${result.deadLettered} dead-lettered + ` +
        `${result.missing} missing = ${result.accepted} accepted${result.timedOut ? color.red("  (timed out)") : ""}\n`,
    );
    if (result.missing) terminal.warn(`  why: npx edp reconcile ${result.runId}`);
  }
  if (result.manifest !== null) terminal.out(`  manifest  ${result.manifest}\n`);
  for (const { file, reason } of result.rejectedInputs.slice(0, SHOWN)) {
    terminal.warn(`  ${color.red("not sent:")} ${file}: ${reason}`);
  }
  if (result.rejectedInputs.length > SHOWN) {
    terminal.warn(`  ... and ${result.rejectedInputs.length - SHOWN} more (--json lists them)`);
  }
  for (const note of result.notes) terminal.warn(`  ${note}`);
}
