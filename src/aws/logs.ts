import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";

/** Most events of one FilterLogEvents call; AWS also ends a page at 1 MB. */
export const MAX_PAGE_EVENTS = 10_000;

/** A log event as CloudWatch Logs hands it out, with times in milliseconds since the epoch. */
export interface RawEvent {
  /** Unique within its log group. */
  id: string;
  timestamp: number;
  ingestionTime: number;
  stream: string;
  message: string;
}

export interface LogQuery {
  /** Name or ARN. */
  group: string;
  /** First and last timestamp, both included, in milliseconds since the epoch. */
  from: number;
  to?: number;
  /** CloudWatch filter pattern. */
  filter?: string;
  limit?: number;
}

export interface LogPage {
  events: RawEvent[];
  /** The search goes on, even where the page is empty. */
  nextToken?: string;
  /** Attempts that the SDK needed: more than one means that CloudWatch throttled or failed. */
  attempts: number;
}

/**
 * One page of a log group's events in the order of time.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 * @throws SDK errors as they are; `logsError` words them
 */
export async function filterLogPage(
  client: CloudWatchLogsClient,
  { group, from, to, filter, limit }: LogQuery,
  nextToken: string | undefined,
  signal: AbortSignal,
): Promise<LogPage> {
  const { FilterLogEventsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  const page = await client.send(
    new FilterLogEventsCommand({
      ...(group.startsWith("arn:") ? { logGroupIdentifier: group } : { logGroupName: group }),
      startTime: Math.max(0, from),
      endTime: to,
      filterPattern: filter,
      limit,
      nextToken,
      // AWS has ordered the streams' events by time since 2019, emulators do so when asked.
      interleaved: true,
    }),
    { abortSignal: signal },
  );
  const events = (page.events ?? []).map((event): RawEvent => {
    const { timestamp = 0, ingestionTime = timestamp, logStreamName: stream = "", message = "" } = event;
    const id = event.eventId ?? `${stream}\n${timestamp}\n${ingestionTime}\n${message}`;
    return { id, timestamp, ingestionTime, stream, message };
  });
  return { events, nextToken: page.nextToken, attempts: page.$metadata.attempts ?? 1 };
}

/** The Date header tells seconds, and answers take time: less than this is no difference. */
const CLOCK_TOLERANCE_MS = 30_000;

/** How many milliseconds the service's clock is ahead of this machine's, as its answers tell; 0 while they agree. */
export function clockOffset(client: CloudWatchLogsClient): number {
  const offset = Math.round(client.config.systemClockOffset);
  return Math.abs(offset) < CLOCK_TOLERANCE_MS ? 0 : offset;
}

export interface LogGroupName {
  name: string;
  arn: string;
}

/** Names and ARNs of log groups, at most 50. */
export async function findLogGroups(
  client: CloudWatchLogsClient,
  search: { prefix?: string; pattern?: string },
): Promise<LogGroupName[]> {
  const { DescribeLogGroupsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  const { logGroups = [] } = await client.send(
    new DescribeLogGroupsCommand({
      logGroupNamePrefix: search.prefix,
      logGroupNamePattern: search.pattern,
      limit: 50,
    }),
  );
  return logGroups.map(({ logGroupName: name = "", logGroupArn, arn = "" }) => ({
    name,
    // Older services give `arn` only, which ends with `:*`.
    arn: logGroupArn ?? arn.replace(/:\*$/, ""),
  }));
}
