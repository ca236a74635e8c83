import { printable } from "../terminal/printable.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Outcome, Step, Trace, TraceResult } from "./types.ts";

const OUTCOMES: Record<Outcome, string> = {
  processed: "processed",
  rejected: "rejected for good",
  deadLettered: "in a dead-letter queue",
  claimed: "claimed, not written yet",
  deleted: "deleted",
  unknown: "under way, or its traces are gone",
};
/** For what is unknown now, but was dead-lettered: deleted since, or a replay of it is under way. */
const LEFT = "has left its dead-letter queue, and is not done";
const TIME_WIDTH = "03:04:05.678".length;
const KIND_WIDTH = "dead letter".length;

/** Writes each trace as a list of stations with their times. */
export function renderTrace(result: TraceResult, terminal: Terminal): void {
  const { color } = terminal;
  let shown: string | null = null;
  for (const trace of result.traces) {
    const subject = trace.key ?? result.subject;
    if (subject !== shown) terminal.out(`${color.bold(safe(subject))}  ${color.dim(trace.pipeline)}\n`);
    shown = subject;
    renderOne(trace, terminal);
  }
  for (const sentence of result.notSeen) terminal.note(`Not seen: ${safe(sentence)}.`);
}

function renderOne(trace: Trace, terminal: Terminal): void {
  const { color } = terminal;
  const paint =
    trace.outcome === "processed"
      ? color.green
      : trace.outcome === "deadLettered" || trace.outcome === "rejected"
        ? color.red
        : color.yellow;
  const version = trace.version === null ? "" : `version ${safe(trace.version)}: `;
  const wasDead = trace.steps.some(({ kind }) => kind === "dead letter");
  const outcome = trace.outcome === "unknown" && wasDead ? LEFT : OUTCOMES[trace.outcome];
  terminal.out(`\n${version}${paint(outcome)}\n`);
  let day = "";
  const first = trace.steps.find(({ time }) => time !== null)?.time?.slice(0, 10) ?? "";
  for (const step of trace.steps) {
    const date = step.time?.slice(0, 10) ?? (day || first);
    if (date !== day) terminal.out(`  ${color.dim(date)}\n`);
    day = date;
    renderStep(step, terminal);
  }
}

function renderStep({ time, kind, text, requestId }: Step, terminal: Terminal): void {
  const { color } = terminal;
  const clock = clockOf(time);
  const request = kind === "attempt" && requestId ? color.dim(`  request ${safe(requestId)}`) : "";
  const name = kind.padEnd(KIND_WIDTH);
  const painted = kind === "dead letter" || kind === "rejected" ? color.red(name) : color.cyan(name);
  const indent = 2 + TIME_WIDTH + 2 + KIND_WIDTH + 2;
  const lines = wrapped(safe(text), Math.max(20, terminal.columns - indent));
  terminal.out(`  ${color.dim(clock)}  ${painted}  ${lines.join(`\n${" ".repeat(indent)}`)}`);
  // Beside the text where there is room, else below it.
  const fits = lines.length === 1 && indent + text.length + 10 + (requestId?.length ?? 0) <= terminal.columns;
  if (request !== "" && !fits) terminal.out(`\n${" ".repeat(indent - 2)}${request}`);
  else terminal.out(request);
  terminal.out("\n");
}

/** The time of day in UTC; S3 knows whole seconds only. */
function clockOf(time: string | null): string {
  if (time === null) return "-".padStart(TIME_WIDTH);
  return time.slice(11, time.endsWith(".000Z") ? 19 : 23).padEnd(TIME_WIDTH);
}

/** Lines of at most `width` characters, broken at spaces; a longer word stays whole, so that it can be copied. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function safe(text: string): string {
  return printable(text).replaceAll(/\s+/g, " ");
}
