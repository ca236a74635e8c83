import type {
  CloudWatchLogsClient,
  StartLiveTailResponseStream as Piece,
} from "@aws-sdk/client-cloudwatch-logs";

/** Log groups of one session. */
export const MAX_LIVE_GROUPS = 10;

/** What a session sends: once a second what was logged since. */
export interface LiveUpdate {
  /** More than 500 events matched in that second, and only some of them are here. */
  sampled: boolean;
  events: LiveEvent[];
}

export interface LiveEvent {
  /** ARN of its group, or `account:name`. */
  groupIdentifier: string;
  stream: string;
  timestamp: number;
  ingestionTime: number;
  message: string;
}

export interface LiveSession {
  /** The next update. Undefined when the session has ended. */
  next(): Promise<LiveUpdate | undefined>;
  close(): void;
}

/**
 * Opens a Live Tail session; resolves once events of the groups are being collected.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
 * @param groups ARNs, at most ten
 * @throws SDK errors as they are; `logsError` words them
 */
export async function openLiveTail(
  client: CloudWatchLogsClient,
  groups: readonly string[],
  filter: string | undefined,
): Promise<LiveSession> {
  const { StartLiveTailCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  const ended = new AbortController();
  const { responseStream } = await client.send(
    new StartLiveTailCommand({ logGroupIdentifiers: [...groups], logEventFilterPattern: filter }),
    { abortSignal: ended.signal },
  );
  if (!responseStream) throw new Error("StartLiveTail answered without a stream");
  const pieces = responseStream[Symbol.asyncIterator]();
  const close = () => {
    ended.abort();
    // Whoever waits for the next update gets this error, or none any more.
    pieces.return?.()?.catch(() => {});
  };
  await started(pieces);
  return { next: () => nextUpdate(pieces), close };
}

async function started(pieces: AsyncIterator<Piece>): Promise<void> {
  for (;;) {
    const { value, done } = await pieces.next();
    if (done) throw new Error("the Live Tail session ended before it began");
    if (value.sessionStart) return;
  }
}

async function nextUpdate(pieces: AsyncIterator<Piece>): Promise<LiveUpdate | undefined> {
  for (;;) {
    let next: IteratorResult<Piece>;
    try {
      next = await pieces.next();
    } catch (error) {
      // Three hours are over: no fault, a new session goes on.
      if ((error as Error).name === "SessionTimeoutException") return undefined;
      throw error;
    }
    if (next.done) return undefined;
    const update = next.value.sessionUpdate;
    if (!update) continue;
    const events = (update.sessionResults ?? []).map((event): LiveEvent => {
      const { timestamp = 0, ingestionTime = timestamp, message = "" } = event;
      const { logGroupIdentifier: groupIdentifier = "", logStreamName: stream = "" } = event;
      return { groupIdentifier, stream, timestamp, ingestionTime, message };
    });
    return { sampled: update.sessionMetadata?.sampled === true, events };
  }
}
