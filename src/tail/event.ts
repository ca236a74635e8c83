export const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
export type Level = (typeof LEVELS)[number];

/**
 * `log` is what the function wrote; `start`, `end` and `report` frame an invocation; `platform` is anything else
 * that Lambda itself writes (INIT_START, extensions).
 */
export type EventKind = "log" | "start" | "end" | "report" | "platform";

/** What Lambda measured of one invocation: its REPORT line. */
export interface InvocationReport {
  durationMs: number;
  billedMs: number | null;
  memorySizeMb: number | null;
  memoryUsedMb: number | null;
  /** Init duration of a cold start (or the restore of a snapshot); null for a warm one. */
  coldStartMs: number | null;
  /** `success`, `timeout`, `error`. */
  status: string;
}

export interface LoggedError {
  type: string | null;
  message: string | null;
  /** Lines of the stack, without the one that repeats type and message. */
  stack: string[];
}

/** What a log event's text says. */
export interface ParsedMessage {
  kind: EventKind;
  level: Level | null;
  message: string;
  requestId: string | null;
  /** Further members of a JSON line. */
  fields?: Record<string, unknown>;
  error?: LoggedError;
  report?: InvocationReport;
}

/** One log event: the line of `edp tail --json`. */
export interface TailEvent extends ParsedMessage {
  /** ISO 8601 in UTC, milliseconds. */
  time: string;
  /** Null for a log group that was named directly. */
  pipeline: string | null;
  function: string | null;
  logGroup: string;
  logStream: string;
  /** It came after later events had been printed. */
  late?: true;
}

/** A log group that is followed. */
export interface LogSource {
  group: string;
  pipeline: string | null;
  function: string | null;
  /** `pipeline/function`, or the group's name without `/aws/lambda/`. */
  label: string;
}
