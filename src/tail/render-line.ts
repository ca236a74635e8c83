import type { ChalkInstance } from "chalk";
import type { Context } from "../context.ts";
import { cut, printable } from "../terminal/printable.ts";
import type { InvocationReport, Level, LoggedError, TailEvent } from "./event.ts";
import { type FieldText, fieldTexts } from "./fields.ts";
import type { TailLine } from "./line.ts";

/** A message longer than so many screen lines is cut. */
const MOST_LINES = 20;
/** So is a field's value, which is a list more often than something to read. */
const MOST_FIELD_LINES = 2;
const LEVEL_WIDTH = 5;
const INDENT = "    ";
/** Each line shows its request id from this width on; below, only those that end an invocation. */
const ID_COLUMNS = 120;
const ID_LENGTH = 8;

/** Colours for labels. Red is kept for errors. */
const PALETTE = [
  "cyan",
  "green",
  "magenta",
  "blue",
  "yellow",
  "cyanBright",
  "greenBright",
  "magentaBright",
  "blueBright",
  "yellowBright",
] as const;

/** Frames of Node.js and of dependencies: rarely where the fault is. */
const FOREIGN_FRAME = /node:|node_modules|\(native\)|\/var\/(runtime|lang)\//;

/** Writes one log event for people. START and END are left out: the report's line stands for the invocation. */
export function renderLine({ event, view }: TailLine, { terminal }: Context): void {
  const { color, columns, out } = terminal;
  const { kind } = event;
  if (view.newDay) out(`${color.dim(`--- ${event.time.slice(0, 10)} UTC`)}\n`);
  if (kind === "start" || kind === "end" || kind === "platform") return;
  const label =
    view.labelWidth === 0 ? [] : [labelColor(color, view.label)(view.label.padEnd(view.labelWidth))];
  const wide = columns >= ID_COLUMNS;
  const id = (event.requestId ?? "").slice(0, ID_LENGTH).padEnd(ID_LENGTH);
  const head = [color.dim(event.time.slice(11, 23)), ...label, ...(wide ? [color.dim(printable(id))] : [])];
  const headWidth = 12 + 1 + (view.labelWidth && view.labelWidth + 1) + (wide ? ID_LENGTH + 1 : 0);
  if (event.report) {
    const shown = wide ? "" : `${printable(id.trim())} `;
    out(
      `${[...head, reportMark(color, event.report), ""].join(" ")}${color.dim(shown)}${reportText(color, event.report)}\n`,
    );
    return;
  }
  const textWidth = columns - headWidth - LEVEL_WIDTH - 1;
  out(
    `${[...head, levelText(color, event.level), body(event, color, textWidth, columns)].join(" ").trimEnd()}\n`,
  );
}

/** The same name has the same colour in every run. */
export function labelColor(color: ChalkInstance, label: string): ChalkInstance {
  let hash = 0;
  for (const character of label) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return color[PALETTE[hash % PALETTE.length] ?? "cyan"];
}

function levelText(color: ChalkInstance, level: Level | null): string {
  const text = (level ?? "").padEnd(LEVEL_WIDTH);
  if (level === "ERROR" || level === "FATAL") return color.red(text);
  return level === "WARN" ? color.yellow(text) : color.dim(text);
}

function body(event: TailEvent, color: ChalkInstance, width: number, columns: number): string {
  const most = columns * MOST_LINES;
  const failed = event.level === "ERROR" || event.level === "FATAL";
  const [first = "", ...more] = printable(shortened(event.message, most)).split("\n");
  const title = failed ? color.red(first) : first;
  const late = event.late ? [color.dim("(late)")] : [];
  const fields = fieldTexts(event.fields ?? {}, columns * MOST_FIELD_LINES);
  const inline = more.length === 0 && first.length + widthOf(fields) + 1 <= width;
  return [
    [title, ...(inline ? coloured(fields, color) : []), ...late].filter((part) => part !== "").join(" "),
    ...more.map((line) => `${INDENT}${line}`),
    ...(inline
      ? []
      : packed(fields, columns - INDENT.length).map((line) => `${INDENT}${coloured(line, color).join(" ")}`)),
    ...(event.error ? errorLines(event.error, event.message, color, most) : []),
  ].join("\n");
}

/** Columns that fields take beside each other. */
function widthOf(fields: readonly FieldText[]): number {
  return fields.reduce((sum, { key, value }) => sum + key.length + value.length + 2, -1);
}

/** Fields laid out in lines of at most `width` columns; one that is wider has a line of its own. */
function packed(fields: readonly FieldText[], width: number): FieldText[][] {
  const lines: FieldText[][] = [];
  for (const field of fields) {
    const last = lines.at(-1);
    if (last && widthOf([...last, field]) <= width) last.push(field);
    else lines.push([field]);
  }
  return lines;
}

function coloured(fields: readonly FieldText[], color: ChalkInstance): string[] {
  return fields.map(({ key, value }) => `${color.dim(`${key}=`)}${value}`);
}

function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${cut(text, most)}… (cut: ${text.length.toLocaleString("en-US")} characters; --json shows all)`;
}

function errorLines(error: LoggedError, message: string, color: ChalkInstance, most: number): string[] {
  const title = [error.type, error.message].filter((part) => part !== null).join(": ");
  const told = title === "" || message.includes(title) || (error.type === null && message === error.message);
  const lines = error.stack.flatMap((frame) => printable(shortened(frame, most)).split("\n"));
  return [
    ...(told ? [] : [`${INDENT}${color.red(printable(shortened(title, most)))}`]),
    ...lines.map((line) => {
      const frame = `${INDENT}${line.trimStart()}`;
      return FOREIGN_FRAME.test(line) ? color.dim(frame) : color.yellow(frame);
    }),
  ];
}

function reportMark(color: ChalkInstance, { status }: InvocationReport): string {
  return status === "success" ? color.green("✔".padEnd(LEVEL_WIDTH)) : color.red("✖".padEnd(LEVEL_WIDTH));
}

/** An invocation in one line: duration, memory, cold start. */
function reportText(color: ChalkInstance, report: InvocationReport): string {
  const { status, durationMs, memoryUsedMb, memorySizeMb, coldStartMs } = report;
  const memory = memoryUsedMb === null ? [] : [`memory ${memoryUsedMb}/${memorySizeMb ?? "?"} MB`];
  const cold = coldStartMs === null ? [] : [color.yellow(`cold start ${duration(coldStartMs)}`)];
  const failed = status === "success" ? [] : [color.red(status)];
  return [...failed, duration(durationMs), ...memory, ...cold].join(", ");
}

function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}
