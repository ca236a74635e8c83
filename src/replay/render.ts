import { EXIT } from "../errors.ts";
import { counted } from "../terminal/format.ts";
import { printable } from "../terminal/printable.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { replayExitCode } from "./result.ts";
import { type Preview, type ReplayResult, SKIPS, type Skip } from "./types.ts";

/** Reasons that are listed one by one. */
const LISTED = 10;

/** What a replay would do, on stderr: it is read before a question is answered. */
export function renderPreview(preview: Preview, terminal: Terminal): void {
  const { color } = terminal;
  const groups = preview.groups
    .slice(0, LISTED)
    .map(({ count, errorCode, path, message }) => [
      count,
      printable(errorCode ?? "no cause given"),
      path ? printable(path) : null,
      message ? printable(message).replaceAll("\n", " ").slice(0, 60) : null,
    ]);
  if (groups.length > 0) {
    terminal.note(`\n${table(terminal, ["letters", "cause", "at", "message"], groups).trimEnd()}`);
  }
  for (const { destination, count } of preview.destinations) terminal.note(`  ${count} go to ${destination}`);
  for (const { count, message } of preview.failures.slice(0, LISTED)) {
    terminal.note(`  ${color.yellow(`${count} can't be sent:`)} ${printable(message)}`);
  }
  for (const { messageId, diff } of preview.edits) {
    terminal.note(`\n  --edit changes ${messageId}:`);
    for (const line of diff.split("\n")) {
      const paint = line.startsWith("-") ? color.red : line.startsWith("+") ? color.green : color.dim;
      terminal.note(`    ${paint(line)}`);
    }
  }
  if (preview.partial) terminal.note(`  (of the first ${preview.looked} letters)`);
}

/** What a replay has done, on stdout. */
export function renderReplay(result: ReplayResult, terminal: Terminal): void {
  const { color } = terminal;
  if (result.exported !== null) {
    terminal.out(
      `${color.green("✔")} ${counted(result.exportedCount, "dead letter")} written to ${result.exported}, and still in the queue\n`,
    );
    return;
  }
  if (result.found === 0) {
    terminal.out("No dead letters.\n");
    return;
  }
  if (result.dryRun) {
    const { selected = 0 } = result.preview ?? {};
    terminal.out(
      `${selected} of ${counted(result.found, "dead letter")} would be replayed; nothing was sent\n`,
    );
    return;
  }
  const bad = replayExitCode(result) !== EXIT.done;
  const seconds = `${result.seconds.toFixed(1)} s`;
  const rate = result.seconds > 0 ? `, ${Math.round(result.replayed / result.seconds)}/s` : "";
  // A replay that was stopped has not seen every letter.
  const of = result.verified?.stopped ? `${result.replayed} of the first` : `${result.replayed} of`;
  terminal.out(
    `${bad ? color.red("✖") : color.green("✔")} ${of} ${counted(result.found, "dead letter")} replayed in ${seconds}${rate}\n`,
  );
  for (const [why, count] of Object.entries(result.skippedBecause)) {
    terminal.out(`  ${count} left: ${SKIPS[why as Skip]}\n`);
  }
  for (const { count, code, message } of result.failures.slice(0, LISTED)) {
    terminal.out(`  ${color.red(`${count} failed:`)} ${code}: ${printable(message)}\n`);
  }
  const trials = result.trials ?? [];
  for (const { messageId, reason } of trials.slice(0, LISTED)) {
    terminal.out(
      `  ${color.yellow("trial failed:")} ${messageId}: ${printable(reason ?? "no reason given")}\n`,
    );
  }
  if (trials.length > LISTED) {
    terminal.out(`  ... and ${trials.length - LISTED} more failed trials (--json lists all)\n`);
  }
  if (result.alreadySent > 0) {
    terminal.out(
      `  ${result.alreadySent} had been sent by a replay that did not end, and were not sent again\n`,
    );
  }
  if (result.maybeDoubled > 0) {
    terminal.out(
      `  ${result.maybeDoubled} were just being sent when a replay was killed: these may have arrived twice\n`,
    );
  }
  if (result.undeleted > 0) {
    terminal.out(
      `  ${result.undeleted} were sent but not deleted: the next replay deletes them without sending\n`,
    );
  }
  if (result.elsewhere > 0) {
    terminal.out(
      `  ${result.elsewhere} are in flight with another consumer: run it again when that one is done\n`,
    );
  }
  renderVerification(result, terminal);
}

function renderVerification({ verified, replayed, trials }: ReplayResult, terminal: Terminal): void {
  if (!verified || replayed === 0) return;
  const { color } = terminal;
  const { processed, rejected, deadAgain, unconfirmed, stopped, examples } = verified;
  const parts = [
    `${processed} processed`,
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
    ...(deadAgain > 0 ? [color.red(`${deadAgain} dead again`)] : []),
    ...(unconfirmed > 0 ? [color.yellow(`${unconfirmed} unconfirmed`)] : []),
  ];
  terminal.out(`  verified: ${parts.join(", ")}\n`);
  for (const { messageId, reason } of examples.slice(0, LISTED)) {
    terminal.out(`    ${messageId}: ${printable(reason ?? "no reason given")}\n`);
  }
  if (stopped !== null) terminal.out(`  ${color.red("stopped:")} ${stopped}; the rest is untouched\n`);
  if (trials !== null && deadAgain > 0) {
    terminal.note(
      "hint: The trial runs the functions as built now, the replay those that are deployed: npx edp deploy, then again.",
    );
  }
}
