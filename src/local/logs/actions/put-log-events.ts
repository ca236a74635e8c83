import type { Clock } from "../../clock.ts";
import type { Operation } from "../../http/json-protocol.ts";
import { integer, structures, text } from "../../http/members.ts";
import type { LogGroup, LogGroups } from "../log-groups.ts";
import { invalid, required } from "../parameters.ts";

/** Limits of PutLogEvents: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
const MAX_EVENTS = 10_000;
const MAX_BATCH_BYTES = 1_048_576;
/** Counted for each event besides its message. */
const EVENT_OVERHEAD_BYTES = 26;
const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
const MAX_AHEAD_MS = 2 * HOUR_MS;
const MAX_AGE_MS = 14 * DAY_MS;

interface InputEvent {
  timestamp: number;
  message: string;
}

/** PutLogEvents: events that are too new, too old or expired are left out and named by their indexes. */
export function putLogEvents(groups: LogGroups, clock: Clock): Operation {
  return async (members) => {
    const group = groups.get(required(members, "logGroupName"));
    const stream = groups.stream(group, required(members, "logStreamName"));
    const events = structures(members, "logEvents").map((event): InputEvent => {
      const timestamp = integer(event, "timestamp");
      const message = text(event, "message");
      if (timestamp === undefined || !message) throw invalid("a log event needs timestamp and message");
      return { timestamp, message };
    });
    check(events);
    const { accepted, rejected } = sift(events, group, groups, clock.now());
    const ingestionTime = clock.now();
    await groups.append(
      group,
      accepted.map((event) => ({ ...event, ingestionTime, stream: stream.number })),
    );
    return {
      // Unused since 2023, yet older clients hand it back.
      nextSequenceToken: String(ingestionTime).padStart(56, "0"),
      ...(Object.keys(rejected).length > 0 ? { rejectedLogEventsInfo: rejected } : {}),
    };
  };
}

function check(events: InputEvent[]): void {
  if (events.length === 0) throw invalid("logEvents is empty");
  if (events.length > MAX_EVENTS) throw invalid(`logEvents holds more than ${MAX_EVENTS} events`);
  const bytes = events.reduce(
    (sum, { message }) => sum + Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES,
    0,
  );
  if (bytes > MAX_BATCH_BYTES) {
    throw invalid(`Upload too large: ${bytes} bytes exceeds limit of ${MAX_BATCH_BYTES}`);
  }
  for (const [index, event] of events.entries()) {
    if (event.timestamp < (events[index - 1]?.timestamp ?? 0)) {
      throw invalid("Log events in a single PutLogEvents request must be in chronological order.");
    }
  }
  const span = (events.at(-1)?.timestamp ?? 0) - (events[0]?.timestamp ?? 0);
  if (span > DAY_MS) {
    throw invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
}

/** Events come in the order of time, so what is refused lies at the ends. */
function sift(events: InputEvent[], group: LogGroup, groups: LogGroups, now: number) {
  const kept = groups.retainedFrom(group);
  const tooOldEnd = count(events, ({ timestamp }) => timestamp < now - MAX_AGE_MS);
  const expiredEnd = count(events, ({ timestamp }) => timestamp < kept);
  const tooNewStart = events.findIndex(({ timestamp }) => timestamp > now + MAX_AHEAD_MS);
  const rejected = {
    ...(tooOldEnd > 0 ? { tooOldLogEventEndIndex: tooOldEnd } : {}),
    ...(expiredEnd > 0 ? { expiredLogEventEndIndex: expiredEnd } : {}),
    ...(tooNewStart >= 0 ? { tooNewLogEventStartIndex: tooNewStart } : {}),
  };
  const from = Math.max(tooOldEnd, expiredEnd);
  return { accepted: events.slice(from, tooNewStart === -1 ? undefined : tooNewStart), rejected };
}

function count(events: InputEvent[], refused: (event: InputEvent) => boolean): number {
  const first = events.findIndex((event) => !refused(event));
  return first === -1 ? events.length : first;
}
