import type { CloudWatchLogsClient, FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";

/** A filter pattern has at most 1,024 characters: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
const MAX_PATTERN = 1_024;
/** Pages of one search: a page may be empty and not the last. */
const MAX_PAGES = 200;

export interface LogSearch {
  logGroup: string;
  /** Texts of which a line has to hold at least one. */
  terms: readonly string[];
  /** Milliseconds since the epoch; undefined searches from the first event. */
  from: number | undefined;
  signal: AbortSignal;
}

/**
 * Finds the lines of a log group that hold one of these texts, in the order of time for each pattern's worth of
 * terms. A group that doesn't exist has none.
 */
export async function* searchLogs(
  logs: CloudWatchLogsClient,
  { logGroup, terms, from, signal }: LogSearch,
): AsyncGenerator<FilteredLogEvent> {
  const { FilterLogEventsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  for (const filterPattern of patterns(terms)) {
    let nextToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      signal.throwIfAborted();
      try {
        const answer = await logs.send(
          new FilterLogEventsCommand({ logGroupName: logGroup, filterPattern, startTime: from, nextToken }),
          { abortSignal: signal },
        );
        yield* answer.events ?? [];
        nextToken = answer.nextToken;
      } catch (error) {
        signal.throwIfAborted();
        if ((error as Error).name === "ResourceNotFoundException") return;
        throw error;
      }
      if (nextToken === undefined) break;
    }
  }
}

/** Patterns that take a line with any of the terms, each as long as CloudWatch allows. */
function patterns(terms: readonly string[]): string[] {
  const all: string[] = [];
  for (const text of terms) {
    const term = `?"${searchable(text)}"`;
    const last = all.at(-1);
    if (last !== undefined && last.length + 1 + term.length <= MAX_PATTERN) {
      all[all.length - 1] = `${last} ${term}`;
    } else all.push(term);
  }
  return all;
}

/**
 * The longest part of a text that a log line has unchanged, whether it is plain or JSON: without quotes, backslashes
 * and control characters, which JSON escapes. Whoever searches looks at the lines found anyway.
 */
function searchable(text: string): string {
  const parts = text.split(/["\\\p{Cc}]/u);
  const longest = parts.reduce((one, other) => (other.length > one.length ? other : one), "");
  return longest.slice(0, MAX_PATTERN - 4);
}
