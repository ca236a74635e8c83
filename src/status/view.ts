import type { DeadLetterStatus, EnvironmentStatus, PipelineStatus } from "../aws/status.ts";
import { formatAge, formatBytes } from "../terminal/format.ts";
import { cut, printable } from "../terminal/printable.ts";
import { sparkline } from "../terminal/sparkline.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Drift } from "../terraform/drift.ts";
import { dataSections } from "./data-view.ts";
import { HISTORY_MINUTES, type History, type WatchTick } from "./watch.ts";

type Cell = string | number | null;

/** The state of an environment as tables. */
export function statusText(status: EnvironmentStatus, terminal: Terminal): string {
  const { color } = terminal;
  let text = `${color.bold(status.env)}  ${placeText(status)}\n`;
  for (const [name, pipeline] of Object.entries(status.pipelines)) {
    const buckets = Object.entries(pipeline.buckets).map(([key, one]) => [
      key,
      one.objects,
      formatBytes(one.bytes),
    ]);
    text += `\n${color.bold(name)}\n${queuesText(pipeline, terminal)}\n${functionsText(pipeline, terminal)}`;
    if (buckets.length > 0) text += `\n${indent(table(terminal, ["bucket", "objects", "bytes"], buckets))}`;
    text += dataText(pipeline, terminal, true);
    text += waitingText(pipeline, terminal);
    text += runsText(pipeline, terminal);
  }
  return text;
}

/** What waits is shown in this number at most; `--json` has all. */
const MAX_WAITING = 10;

/** Files that wait for others: what is missing, and since when nothing came. */
function waitingText({ waiting = [] }: PipelineStatus, terminal: Terminal): string {
  if (waiting.length === 0) return "";
  const rows = waiting
    .slice(0, MAX_WAITING)
    .map(({ of, missing, since }) => [of, missing.join(", "), `${since.slice(0, 16).replace("T", " ")} UTC`]);
  const more =
    waiting.length > MAX_WAITING ? `  ... and ${waiting.length - MAX_WAITING} more (--json)\n` : "";
  return `\n${indent(table(terminal, ["waiting", "for", "since"], rows))}${more}`;
}

/** Longest reason that fits beside the other columns; `--json` has all of it. */
const MAX_REASON = 60;

/** The latest runs of a pipeline that works in runs. */
function runsText({ runs = [] }: PipelineStatus, terminal: Terminal): string {
  if (runs.length === 0) return "";
  const rows = runs.map(({ runId, status, asOf, rows, rejected, seconds, reason }) => [
    runId,
    status === "failed" ? terminal.color.red(status) : status,
    asOf,
    rows,
    rejected,
    `${seconds.toFixed(1)} s`,
    reason === null ? null : cut(printable(reason), MAX_REASON),
  ]);
  return `\n${indent(table(terminal, ["run", "status", "as of", "rows", "rejected", "took", "reason"], rows))}`;
}

/** The same for one look of a watch, with the last minutes of each queue and function in place of the buckets. */
export function watchText(tick: WatchTick, terminal: Terminal): string {
  const { color } = terminal;
  const time = color.dim(`${tick.time.slice(0, 10)} ${tick.time.slice(11, 19)} UTC`);
  let text = `${color.bold(tick.env)}  ${placeText(tick)}  ${time}\n`;
  for (const [name, pipeline] of Object.entries(tick.pipelines)) {
    const history = tick.history[name];
    text += `\n${color.bold(name)}\n${watchedQueuesText(pipeline, history, terminal)}\n${functionsText(pipeline, terminal, history)}`;
    text += dataText(pipeline, terminal, false);
  }
  return text;
}

/** Characters of an attribute's value that are shown; `--json` has all of it. */
const MAX_VALUE = 60;

/** What was changed outside of edp, by pipeline. */
export function driftText(drift: readonly Drift[], { color }: Terminal): string {
  if (drift.length === 0) return "\nNo drift: everything is as the last deploy left it.\n";
  let text = "";
  for (const pipeline of new Set(drift.map((one) => one.pipeline))) {
    text += `\n${color.bold(`drift of ${pipeline ?? "what the environment shares"}`)}\n`;
    for (const { resource, change, attributes } of drift.filter((one) => one.pipeline === pipeline)) {
      text += `  ${change === "deleted" ? color.red("-") : color.yellow("~")} ${resource} ${change}\n`;
      for (const { name, deployed, now } of attributes) {
        text += `      ${name}: ${shortValue(deployed)} ${color.dim("->")} ${shortValue(now)}\n`;
      }
    }
  }
  return text;
}

function shortValue(value: unknown): string {
  const text = printable(typeof value === "string" ? value : JSON.stringify(value));
  return text.length > MAX_VALUE ? `${cut(text, MAX_VALUE)}…` : text || '""';
}

function placeText({ endpoint, accountId, region }: EnvironmentStatus): string {
  return endpoint ?? `${accountId} ${region}`;
}

function queuesText({ queues, undelivered }: PipelineStatus, terminal: Terminal): string {
  const dead = deadLetters(terminal);
  const rows = Object.entries(queues).map(([key, queue]): Cell[] => [
    key,
    queue.visible,
    queue.inFlight,
    queue.delayed,
    formatAge(queue.oldestAgeSeconds),
    ...dead(queue.dlq),
  ]);
  rows.push(["undelivered", null, null, null, null, ...dead(undelivered)]);
  const head = ["queue", "visible", "in flight", "delayed", "oldest", "dead letters", "oldest"];
  return indent(table(terminal, head, rows));
}

/** Narrower, so that the history fits into 80 columns. */
function watchedQueuesText(
  { queues, undelivered }: PipelineStatus,
  history: History | undefined,
  terminal: Terminal,
): string {
  const dead = deadLetters(terminal);
  const rows = Object.entries(queues).map(([key, queue]): Cell[] => [
    key,
    queue.visible,
    queue.inFlight,
    formatAge(queue.oldestAgeSeconds),
    ...dead(queue.dlq),
    terminal.color.cyan(sparkline(history?.queues[key] ?? [])),
  ]);
  rows.push(["undelivered", null, null, null, ...dead(undelivered), ""]);
  const head = ["queue", "visible", "in flight", "oldest", "dead", "oldest", `depth, ${HISTORY_MINUTES} min`];
  return indent(table(terminal, head, rows));
}

/** The cells of a dead-letter queue: how many, and the age of the oldest. */
function deadLetters({ color }: Terminal) {
  return ({ visible, oldestAgeSeconds }: DeadLetterStatus): Cell[] => [
    visible ? color.red(String(visible)) : visible,
    formatAge(oldestAgeSeconds),
  ];
}

function functionsText({ functions }: PipelineStatus, terminal: Terminal, history?: History): string {
  const { color } = terminal;
  const rows = Object.entries(functions).map(([key, one]): Cell[] => [
    key,
    one.invocations,
    one.errors ? color.red(String(one.errors)) : one.errors,
    one.throttles,
    ...(history ? [color.cyan(sparkline(history.functions[key] ?? []))] : []),
  ]);
  const minutes = history ? [`invocations, ${HISTORY_MINUTES} min`] : [];
  return indent(table(terminal, ["function", "invocations", "errors", "throttles", ...minutes], rows));
}

function dataText(pipeline: PipelineStatus, terminal: Terminal, withUrls: boolean): string {
  return dataSections(pipeline, terminal, withUrls)
    .map((section) => `\n${indent(section)}`)
    .join("");
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
