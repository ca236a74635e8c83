import { randomUUID } from "node:crypto";
import { PassThrough } from "node:stream";
import { EVENT_STREAM_TYPE, streamEvent, streamException } from "../../http/event-stream.ts";
import { type Members, text, texts } from "../../http/members.ts";
import type { EngineParts, ServiceRequest, ServiceResponse } from "../../service.ts";
import { type LogGroup, type LogGroups, logGroupArn, logGroupName } from "../log-groups.ts";
import { invalid, pattern } from "../parameters.ts";
import type { NewEvent } from "../store/event.ts";

/** An update goes out each second, even when it is empty. */
const UPDATE_MS = 1_000;
const SESSION_MS = 3 * 3600 * 1000;
const MAX_GROUPS = 10;
/** More events of one second than these are sampled. */
const MAX_EVENTS = 500;
/** Updates that a slow client may be behind; then they are dropped. */
const MAX_WAITING_UPDATES = 10;

interface LiveEvent {
  logStreamName: string;
  logGroupIdentifier: string;
  message: string;
  timestamp: number;
  ingestionTime: number;
}

/**
 * StartLiveTail: an event stream of what is logged from now on, an update each second, for three hours.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
 * @throws AwsError InvalidParameterException, ResourceNotFoundException
 */
export function startLiveTail(
  groups: LogGroups,
  { clock }: Pick<EngineParts, "clock">,
  members: Members,
  request: Pick<ServiceRequest, "requestId" | "closed">,
): ServiceResponse {
  const identifiers = texts(members, "logGroupIdentifiers");
  if (identifiers.length === 0 || identifiers.length > MAX_GROUPS) {
    throw invalid(`logGroupIdentifiers must name 1 to ${MAX_GROUPS} log groups`);
  }
  const wanted = new Set(identifiers.map((identifier) => groups.get(logGroupName(identifier)).name));
  const matches = pattern(members, "logEventFilterPattern");
  const chosen = streamChoice(members, wanted.size);
  const out = new PassThrough({ highWaterMark: 1024 * 1024 });
  const expires = clock.now() + SESSION_MS;
  let events: LiveEvent[] = [];
  let seen = 0;
  let waiting = 0;

  const stopListening = groups.onAppend((group: LogGroup, added: readonly NewEvent[]) => {
    if (!wanted.has(group.name)) return;
    const names = new Map([...group.streams.values()].map(({ number, name }) => [number, name]));
    for (const { stream, message, timestamp, ingestionTime } of added) {
      const logStreamName = names.get(stream) ?? "";
      if (!chosen(logStreamName) || !matches(message)) continue;
      seen++;
      const logGroupIdentifier = logGroupArn(group.name);
      const event = { logStreamName, logGroupIdentifier, message, timestamp, ingestionTime };
      if (events.length < MAX_EVENTS) events.push(event);
      else if (Math.random() < MAX_EVENTS / seen) events[Math.floor(Math.random() * MAX_EVENTS)] = event;
    }
  });
  const end = () => {
    stopListening();
    cancelTimer();
    out.end();
  };
  const update = () => {
    if (clock.now() >= expires) {
      out.write(streamException("SessionTimeoutException", "Your Live Tail session timed out."));
      end();
      return;
    }
    const sessionResults = events.sort((a, b) => a.timestamp - b.timestamp);
    const sessionMetadata = { sampled: seen > MAX_EVENTS };
    events = [];
    seen = 0;
    if (waiting < MAX_WAITING_UPDATES) {
      waiting++;
      out.write(streamEvent("sessionUpdate", { sessionMetadata, sessionResults }), () => waiting--);
    }
    cancelTimer = clock.after(UPDATE_MS, update);
  };
  let cancelTimer = clock.after(UPDATE_MS, update);
  request.closed?.addEventListener("abort", end, { once: true });

  out.write(streamEvent("initial-response", {}));
  out.write(
    streamEvent("sessionStart", {
      requestId: request.requestId,
      sessionId: randomUUID(),
      logGroupIdentifiers: identifiers,
      logStreamNames: texts(members, "logStreamNames"),
      logStreamNamePrefixes: texts(members, "logStreamNamePrefixes"),
      logEventFilterPattern: text(members, "logEventFilterPattern") ?? "",
    }),
  );
  return { status: 200, headers: { "content-type": EVENT_STREAM_TYPE }, body: out };
}

function streamChoice(members: Members, groupCount: number): (name: string) => boolean {
  const names = texts(members, "logStreamNames");
  const prefixes = texts(members, "logStreamNamePrefixes");
  if (names.length > 0 && prefixes.length > 0) {
    throw invalid("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.");
  }
  if (names.length + prefixes.length === 0) return () => true;
  if (groupCount > 1) throw invalid("Log streams can only be chosen when one log group is.");
  return (name) => names.includes(name) || prefixes.some((prefix) => name.startsWith(prefix));
}
