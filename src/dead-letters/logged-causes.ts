import type { CloudWatchLogsClient, FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { searchLogs } from "../aws/log-search.ts";
import type { Cause, Evidence } from "./cause.ts";
import { type Letter, withEvidence } from "./letter.ts";

/** Letters whose cause is searched for: each search reads the whole log of the time in question. */
export const MOST_SEARCHED = 200;
/** Clocks of SQS and of the log may differ by this much. */
const SKEW_MS = 60_000;
const MAX_MESSAGE_LENGTH = 500;

export interface LoggedCauses {
  /** The given letters, in their order, those with a cause where one was found. */
  letters: Letter[];
  searched: number;
  found: number;
  /** Why a log group could not be read, e.g. for want of a permission; one sentence each. */
  problems: string[];
}

/**
 * Looks in the functions' logs for the causes of letters that carry none, as those do which came by plain redrive.
 * Finds the last line of level WARN or above that names the message id. At most MOST_SEARCHED letters.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export async function findLoggedCauses(
  logs: CloudWatchLogsClient,
  logGroups: readonly string[],
  letters: readonly Letter[],
  signal: AbortSignal,
): Promise<LoggedCauses> {
  const unknown = letters.filter(({ evidence }) => evidence.origin === null).slice(0, MOST_SEARCHED);
  const found = new Map<string, Evidence>();
  const problems: string[] = [];
  for (const logGroup of unknown.length > 0 ? logGroups : []) {
    try {
      await search(logs, logGroup, unknown, found, signal);
    } catch (error) {
      signal.throwIfAborted();
      problems.push(`${logGroup} could not be searched for causes: ${(error as Error).message}`);
    }
  }
  return {
    letters: letters.map((letter) => {
      const evidence = found.get(letter.messageId);
      return evidence && letter.evidence.origin === null ? withEvidence(letter, evidence) : letter;
    }),
    searched: logGroups.length === 0 ? 0 : unknown.length,
    found: found.size,
    problems,
  };
}

async function search(
  logs: CloudWatchLogsClient,
  logGroup: string,
  letters: readonly Letter[],
  found: Map<string, Evidence>,
  signal: AbortSignal,
): Promise<void> {
  const terms = letters.map(({ messageId }) => messageId);
  const sent = letters.map(({ sentAt }) => Date.parse(sentAt ?? ""));
  const first = sent.reduce((earliest, time) => Math.min(earliest, time), Number.POSITIVE_INFINITY);
  const from = Number.isFinite(first) ? first - SKEW_MS : undefined;
  for await (const event of searchLogs(logs, { logGroup, terms, from, signal })) {
    const evidence = readErrorLine(event, logGroup);
    // In the order of time: what comes later replaces what came before.
    if (evidence) for (const id of terms) if (event.message?.includes(id)) found.set(id, evidence);
  }
}

/** Reads an error out of a log line: edp's own fields, Powertools' `error`, Lambda's `errorType`, else the text. */
function readErrorLine(event: FilteredLogEvent, logGroup: string): Evidence | undefined {
  const text = event.message ?? "";
  const line = parseObject(text);
  const time = event.timestamp === undefined ? null : new Date(event.timestamp).toISOString();
  const from = (cause: Cause, requestId: string | null): Evidence => ({
    cause: { ...cause, message: cause.message?.slice(0, MAX_MESSAGE_LENGTH) ?? null },
    origin: "log",
    function: logGroup.replace("/aws/lambda/", ""),
    requestId,
    time,
  });
  if (!line) {
    if (!/\b(error|exception|fatal)\b/i.test(text)) return undefined;
    return from({ errorCode: null, path: null, message: text.trim() }, null);
  }
  const error = asObject(line.error);
  const errorCode = firstText(line.errorCode, error.name, line.errorType);
  if (errorCode === null && !/^(WARN|ERROR|FATAL|CRITICAL)/i.test(firstText(line.level) ?? ""))
    return undefined;
  const message = firstText(error.message, line.errorMessage, line.message);
  const requestId = firstText(line.requestId, line.function_request_id, line.AWSRequestId);
  return from({ errorCode, path: firstText(line.path), message }, requestId);
}

function firstText(...values: unknown[]): string | null {
  return values.find((value): value is string => typeof value === "string" && value !== "") ?? null;
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // A line of plain text.
    return undefined;
  }
}
