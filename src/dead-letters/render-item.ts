import type { Context } from "../context.ts";
import { counted, formatAge } from "../terminal/format.ts";
import { cut, printable } from "../terminal/printable.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Cause } from "./cause.ts";
import type { CountItem, DeadLetterItem, GroupItem, LetterItem, QueueItem } from "./items.ts";
import { type LetterRow, subjectOf } from "./row.ts";

/** Columns before the text of a group, and of a letter. */
const GROUP_INDENT = "      ";
const LETTER_INDENT = "              ";
/** Attributes that are told as the cause already. */
const TOLD = new Set(["edp-cause", "RequestID", "ErrorCode", "ErrorMessage", "ERROR_CODE", "ERROR_MESSAGE"]);
const MAX_ATTRIBUTES = 200;

/** Writes one piece of the view for people. Nothing in a message can control the terminal. */
export function renderDeadLetterItem(item: DeadLetterItem, { terminal }: Context): void {
  if (item.type === "queue") renderQueue(item, terminal);
  else if (item.type === "group") renderGroup(item, terminal);
  else if (item.type === "letter") renderLetter(item, terminal);
  else if (item.type === "count") renderCount(item, terminal);
  else terminal.out(`${terminal.color.dim(`  ${item.message}`)}\n`);
}

function renderQueue(item: QueueItem, { out, color }: Terminal): void {
  const age = item.oldestAgeSeconds === null ? "" : `, the oldest ${formatAge(item.oldestAgeSeconds)} old`;
  const selected = item.selected === null ? "" : `, ${item.selected} selected`;
  const count =
    item.letters === 0 ? color.green("no dead letters") : color.red(counted(item.letters, "dead letter"));
  const gap = item.letters === 0 ? "" : "\n";
  out(`\n${color.bold(item.queue)}  ${count}${age}${selected}\n${gap}`);
}

function renderGroup(item: GroupItem, terminal: Terminal): void {
  const { out, color } = terminal;
  const line = (text: string) => out(`${GROUP_INDENT}${text}\n`);
  const fitting = (text: string) => fitted(text, terminal.columns - GROUP_INDENT.length);
  const count = String(item.count).padStart(GROUP_INDENT.length - 3);
  out(`${color.bold(count)} x ${color.red(title(item))}\n`);
  if (item.message) line(fitting(item.message));
  const { example } = item;
  const seen = `received ${example.receiveCount} ${example.receiveCount === 1 ? "time" : "times"}`;
  line(color.dim(fitting(`e.g. ${subjectOf(example)}, ${age(example)}, ${seen}`)));
  line(`${color.dim("--where")} ${color.cyan(oneLine(shellQuoted(item.where)))}\n`);
}

/** A cause in a few words: `SCHEMA_MISMATCH at tracks[3].duration_ms`. */
function title({ errorCode, path, message }: Cause): string {
  const code = errorCode ?? (message === null ? "no cause known" : "no error code");
  return oneLine(path ? `${code} at ${path}` : code);
}

function age({ ageSeconds }: LetterRow): string {
  return ageSeconds === null ? "of unknown age" : `${formatAge(ageSeconds)} old`;
}

function renderLetter(item: LetterItem, terminal: Terminal): void {
  const { out, color } = terminal;
  const width = terminal.columns - LETTER_INDENT.length;
  const receives = `${item.receiveCount}x`.padStart(5);
  const subject = oneLine(subjectOf(item));
  const version = item.source.version === null ? "" : ` ${oneLine(item.source.version)}`;
  const besides = subject.length + version.length <= width ? color.dim(version) : "";
  const head = `${(formatAge(item.ageSeconds) ?? "-").padStart(6)} ${receives}  `;
  out(`${color.dim(head)}${fitted(subject, width)}${besides}\n`);
  const cause = item.cause.message ? `${title(item.cause)}: ${item.cause.message}` : title(item.cause);
  out(`${LETTER_INDENT}${color.red(fitted(cause, width))}\n`);
  out(`${LETTER_INDENT}${color.dim(fitted(details(item), width))}\n`);
}

function details(item: LetterItem): string {
  const attributes = Object.entries(item.attributes)
    .filter(([name]) => !TOLD.has(name))
    .map(([name, value]) => `${name}=${value}`);
  const told = attributes.length === 0 ? "" : `, ${cut(attributes.join(" "), MAX_ATTRIBUTES)}`;
  const from = item.causeFrom === "log" ? ", cause from the log" : "";
  const place = item.arrived ? `${item.queue}, ` : "";
  return `${place}message ${item.messageId}${from}${told}`;
}

function renderCount({ queue, time, letters, left }: CountItem, { out, color }: Terminal): void {
  out(`${color.dim(time.slice(11, 19))} ${color.bold(queue)}  ${left} left, ${letters} still there\n`);
}

/** One line of at most `width` columns. */
function fitted(text: string, width: number): string {
  const line = oneLine(text);
  return line.length <= width ? line : `${cut(line, Math.max(1, width - 1))}…`;
}

function oneLine(text: string): string {
  return printable(text).replaceAll(/\s+/g, " ").trim();
}

/** In double quotes, as a POSIX shell takes it: the expression has single quotes of its own. */
function shellQuoted(text: string): string {
  return `"${text.replaceAll(/["\\$`]/g, "\\$&")}"`;
}
