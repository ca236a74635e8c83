import type { InvocationReport, ParsedMessage } from "./event.ts";

const START = /^START RequestId: (\S+)/;
const END = /^END RequestId: (\S+)/;
const REPORT = /^REPORT RequestId: (\S+)/;
const PLATFORM = /^(INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT|EXTENSION|TELEMETRY|LOGS)\b/;

/**
 * Reads a line that Lambda itself writes around an invocation, in its text form.
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
 */
export function parsePlatformLine(text: string): ParsedMessage | undefined {
  const start = START.exec(text)?.[1];
  if (start) return { kind: "start", level: null, message: text, requestId: start };
  const end = END.exec(text)?.[1];
  if (end) return { kind: "end", level: null, message: text, requestId: end };
  const reported = REPORT.exec(text)?.[1];
  if (reported) {
    const report = reportOf(text);
    return { kind: "report", level: levelOf(report), message: text, requestId: reported, report };
  }
  if (!PLATFORM.test(text)) return undefined;
  const failed = /Status: (error|timeout)/.test(text);
  return {
    kind: failed ? "log" : "platform",
    level: failed ? "ERROR" : null,
    message: text,
    requestId: null,
  };
}

function reportOf(text: string): InvocationReport {
  const number = (pattern: RegExp) => {
    const value = pattern.exec(text)?.[1];
    return value === undefined ? null : Number(value);
  };
  return {
    durationMs: number(/\tDuration: ([\d.]+) ms/) ?? 0,
    billedMs: number(/\tBilled Duration: ([\d.]+) ms/),
    memorySizeMb: number(/\tMemory Size: (\d+) MB/),
    memoryUsedMb: number(/\tMax Memory Used: (\d+) MB/),
    coldStartMs: number(/\t(?:Init|Restore) Duration: ([\d.]+) ms/),
    status: /\tStatus: (\w+)/.exec(text)?.[1] ?? "success",
  };
}

/**
 * Reads the JSON form of the same lines, which a function with JSON log format has.
 * https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
 */
export function parsePlatformRecord(
  members: Record<string, unknown>,
  text: string,
): ParsedMessage | undefined {
  const { type, record } = members;
  if (typeof type !== "string" || !type.startsWith("platform.") || !isObject(record)) return undefined;
  const requestId = typeof record.requestId === "string" ? record.requestId : null;
  const failed = record.status === "error" || record.status === "failure" || record.status === "timeout";
  const line = { level: failed ? ("ERROR" as const) : null, message: text, requestId };
  if (type === "platform.start") return { ...line, kind: "start" };
  if (type === "platform.runtimeDone") return { ...line, level: null, kind: "end" };
  if (type !== "platform.report") return { ...line, kind: failed ? "log" : "platform" };
  const metrics = isObject(record.metrics) ? record.metrics : {};
  const number = (name: string) => (typeof metrics[name] === "number" ? metrics[name] : null);
  const report: InvocationReport = {
    durationMs: number("durationMs") ?? 0,
    billedMs: number("billedDurationMs"),
    memorySizeMb: number("memorySizeMB"),
    memoryUsedMb: number("maxMemoryUsedMB"),
    coldStartMs: number("initDurationMs") ?? number("restoreDurationMs"),
    status: typeof record.status === "string" ? record.status : "success",
  };
  return { ...line, kind: "report", level: levelOf(report), report };
}

function levelOf({ status }: InvocationReport): "ERROR" | null {
  return status === "success" ? null : "ERROR";
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
