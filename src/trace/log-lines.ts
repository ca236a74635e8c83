import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { searchLogs } from "../aws/log-search.ts";
import { parsePlatformLine, parsePlatformRecord } from "../tail/report-line.ts";

/** What a function logged of one object in one message: an entry of its `objects` lines. */
export interface ObjectEntry {
  function: string;
  /** When the line was logged, milliseconds since the epoch. */
  at: number;
  requestId: string;
  bucket: string;
  key: string;
  version: string;
  eventId: string | null;
  messageId: string;
  /** The message's receive count. */
  receive: number;
  /** When the message was sent, milliseconds since the epoch. */
  sentAt: number;
  ending: string;
  replayed: boolean;
  /** Key of the output that holds the rows; null where there is none. */
  output: string | null;
}

/** A line with an error code about a message or an object. */
export interface FaultLine {
  function: string;
  at: number;
  requestId: string | null;
  messageId: string | null;
  key: string | null;
  version: string | null;
  errorCode: string;
  path: string | null;
  message: string;
  deadLettered: boolean;
  rejected: boolean;
}

/** How an invocation went, from its START and REPORT lines; null where one of them is missing. */
export interface InvocationLine {
  /** Milliseconds since the epoch. */
  startedAt: number | null;
  durationMs: number | null;
  status: string | null;
}

export interface FunctionLog {
  /** Name of the function, and its log group. */
  name: string;
  logGroup: string;
}

export interface FoundLines {
  entries: ObjectEntry[];
  faults: FaultLine[];
}

type Members = Record<string, unknown>;

/** Searches functions' logs for what they say of an object or message; `term` is its key or id. */
export async function findLines(
  logs: CloudWatchLogsClient,
  functions: readonly FunctionLog[],
  term: string,
  from: number | undefined,
  signal: AbortSignal,
): Promise<FoundLines> {
  const found: FoundLines = { entries: [], faults: [] };
  for (const one of functions) {
    const search = { logGroup: one.logGroup, terms: [term], from, signal };
    for await (const event of searchLogs(logs, search)) {
      const line = parseObject(event.message ?? "");
      if (!line) continue;
      const at = event.timestamp ?? 0;
      found.entries.push(...entriesOf(line, one.name, at).filter((entry) => names(entry, term)));
      const fault = faultOf(line, one.name, at);
      if (fault && names(fault, term)) found.faults.push(fault);
    }
  }
  return found;
}

/** How these invocations went; none where a function was killed before Lambda reported. */
export async function findInvocations(
  logs: CloudWatchLogsClient,
  functions: readonly FunctionLog[],
  requestIds: readonly string[],
  from: number | undefined,
  signal: AbortSignal,
): Promise<Map<string, InvocationLine>> {
  const found = new Map<string, InvocationLine>();
  for (const { logGroup } of requestIds.length === 0 ? [] : functions) {
    for await (const event of searchLogs(logs, { logGroup, terms: requestIds, from, signal })) {
      const message = (event.message ?? "").trimEnd();
      const members = parseObject(message);
      const line = members ? parsePlatformRecord(members, message) : parsePlatformLine(message);
      if (!line?.requestId) continue;
      const known = found.get(line.requestId) ?? { startedAt: null, durationMs: null, status: null };
      if (line.kind === "start") known.startedAt = event.timestamp ?? null;
      if (line.report)
        Object.assign(known, { durationMs: line.report.durationMs, status: line.report.status });
      found.set(line.requestId, known);
    }
  }
  return found;
}

function names(
  line: { key: string | null; messageId: string | null; eventId?: string | null },
  term: string,
): boolean {
  return line.key === term || line.messageId === term || line.eventId === term;
}

function entriesOf(line: Members, name: string, at: number): ObjectEntry[] {
  if (line.message !== "objects" || !Array.isArray(line.objects)) return [];
  return line.objects.filter(isObject).map((entry) => ({
    function: name,
    at,
    requestId: text(line.requestId) ?? "",
    bucket: text(line.bucket) ?? "",
    key: text(entry.key) ?? "",
    version: text(entry.version) ?? "",
    eventId: text(entry.eventId),
    messageId: text(entry.messageId) ?? "",
    receive: Number(entry.receive),
    sentAt: Number(entry.sentAt),
    ending: text(entry.ending) ?? "",
    replayed: entry.replayed === true,
    output: text(entry.output),
  }));
}

function faultOf(line: Members, name: string, at: number): FaultLine | undefined {
  const errorCode = text(line.errorCode);
  if (errorCode === null) return undefined;
  const source = isObject(line.source) ? line.source : {};
  return {
    function: name,
    at,
    requestId: text(line.requestId),
    messageId: text(line.messageId),
    key: text(source.key),
    version: text(source.version),
    errorCode,
    path: text(line.path),
    message: text(line.message) ?? "",
    deadLettered: line.deadLettered === true,
    rejected: line.rejected === true,
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null;
}

function parseObject(message: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(message);
    return isObject(value) ? value : undefined;
  } catch {
    // A line of plain text.
    return undefined;
  }
}
