import { EXIT, type ExitCode } from "../errors.ts";
import type { DeadLetter } from "../reconcile/tally.ts";
import { formatBytes } from "../terminal/format.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { RejectedInput, Stop } from "./source.ts";

/** Result of every `edp ingest` command, and its `--json`. */
export interface IngestResult {
  env: string;
  runId: string;
  pipeline: string;
  dryRun: boolean;
  accepted: number;
  /** Left out by design: unchanged objects, short forms of full ones, API error bodies. */
  skipped: number;
  /** The part of `skipped` that had landed before. */
  unchanged: number;
  failed: number;
  bytes: number;
  seconds: number;
  /** The run's manifest; null for a dry run. */
  manifest: string | null;
  /** Where `--out` wrote to. */
  directory?: string;
  rejectedInputs: RejectedInput[];
  /** Objects that could not be stored. */
  failures: { key: string; reason: string }[];
  /** Why the run ended before its source did. */
  stopped: Stop | null;
  /** Of a dry run of events: how many of each type. */
  types?: Record<string, number>;
  /** Of events that were posted. */
  sending?: EventSending;
  /** With `--wait`: */
  processed?: number;
  rejected?: number;
  deadLettered?: number;
  missing?: number;
  timedOut?: boolean;
  deadLetters?: DeadLetter[];
  /** Events that are there once more, since a request had to be repeated. */
  duplicates?: number;
}

/** How posting events went. */
export interface EventSending {
  /** Events whose request got no answer: they may have arrived or not, `edp reconcile` tells. */
  unanswered: number;
  /** Events sent again, with the same id, when nobody could say whether they had been taken. */
  resent: number;
  /** Accepted events in a second of the whole run. */
  eventsPerSecond: number;
  /** From a request to its answer; null without any. */
  latencyMs: { p50: number; p99: number } | null;
  /** The refused events with their reasons; null without any. */
  rejects: string | null;
}

/** Reasons shown to people; `--json` has them all. */
const SHOWN = 10;

export function ingestExitCode(result: IngestResult): ExitCode {
  if (result.failed > 0 || result.stopped || (result.sending?.unanswered ?? 0) > 0) return EXIT.partlyDone;
  const open = (result.deadLettered ?? 0) + (result.missing ?? 0);
  return open > 0 || result.timedOut ? EXIT.checkFailed : EXIT.done;
}

export function renderIngest(result: IngestResult, terminal: Terminal): void {
  const { color } = terminal;
  const mark = ingestExitCode(result) === EXIT.done ? color.green("✔") : color.red("✖");
  const verb = result.dryRun ? "would be sent" : "accepted";
  const unchanged = result.unchanged > 0 ? ` (${result.unchanged} unchanged)` : "";
  terminal.out(
    `${mark} ${result.directory ?? result.env}: ${result.accepted} ${verb}, ${result.skipped} skipped${unchanged}, ` +
      `${result.failed} failed, ${formatBytes(result.bytes)} in ${result.seconds.toFixed(1)} s\n`,
  );
  if (result.types) {
    const types = Object.entries(result.types).map(([type, count]) => `${count} ${type}`);
    if (types.length > 0) terminal.out(`  ${types.join(", ")}\n`);
  }
  if (result.sending) renderSending(result.sending, result.duplicates ?? 0, terminal);
  if (result.processed !== undefined) {
    terminal.out(
      `  ${result.processed} processed + ${result.rejected} rejected + ${result.deadLettered} dead-lettered + ` +
        `${result.missing} missing = ${result.accepted} accepted${result.timedOut ? color.red("  (timed out)") : ""}\n`,
    );
  }
  if (result.manifest !== null) terminal.out(`  manifest  ${result.manifest}\n`);
  const inputs = result.rejectedInputs.map(({ file, reason, status }) => `${status}: ${file}: ${reason}`);
  showSome(terminal, inputs);
  showSome(
    terminal,
    result.failures.map(({ key, reason }) => `failed: ${key}: ${reason}`),
  );
  showSome(
    terminal,
    (result.deadLetters ?? []).map(
      ({ key, errorCode, path, message }) =>
        `dead letter: ${key} ${errorCode ?? "no cause given"}${path ? ` at ${path}` : ""}${message ? `: ${message}` : ""}`,
    ),
    { total: result.deadLettered ?? 0, where: "npx edp tail --dlq shows them by cause" },
  );
  if (result.stopped) {
    terminal.warn(`${color.red("stopped:")} ${result.stopped.message}`);
    terminal.warn(`hint: ${result.stopped.hint}`);
  }
}

function renderSending(sending: EventSending, duplicates: number, terminal: Terminal): void {
  const { eventsPerSecond, latencyMs, resent, unanswered, rejects } = sending;
  const took = latencyMs ? `; a request took ${latencyMs.p50} ms (p50), ${latencyMs.p99} ms (p99)` : "";
  terminal.out(`  ${eventsPerSecond} events/s${took}\n`);
  if (resent > 0) {
    terminal.out(
      `  ${resent} sent again with the same id, for want of an answer; ${duplicates} of them found twice so far\n`,
    );
  }
  if (unanswered > 0) {
    terminal.warn(`  ${unanswered} without an answer: they may have arrived or not; npx edp reconcile tells`);
  }
  if (rejects !== null) terminal.out(`  rejects   ${rejects}\n`);
}

/** `lines` may be the first of `total`; the rest is then found elsewhere. */
function showSome(
  terminal: Terminal,
  lines: string[],
  { total, where } = { total: lines.length, where: "--json lists them" },
): void {
  for (const line of lines.slice(0, SHOWN)) terminal.warn(`  ${line}`);
  if (total > SHOWN) terminal.warn(`  ... and ${total - SHOWN} more (${where})`);
}
