import type { Operation } from "../../http/json-protocol.ts";
import { integer, type Members, text, texts } from "../../http/members.ts";
import type { LogGroup, LogGroups } from "../log-groups.ts";
import { invalid, limit, namedGroup, pattern } from "../parameters.ts";
import type { StoredEvent } from "../store/event.ts";
import { scan } from "../store/scan.ts";
import { cursorOf, cursorToken, eventId } from "../tokens.ts";

const MAX_EVENTS = 10_000;
/** Largest page, in bytes of messages. */
const MAX_PAGE_BYTES = 1024 * 1024;
/** A request searches no more than this and then answers with what it has and a token, as AWS does. */
const MAX_SEARCH_BYTES = 32 * 1024 * 1024;
const MAX_STREAM_NAMES = 100;

/**
 * FilterLogEvents: a group's events in the order of time. A page may be empty and still have a `nextToken`:
 * the search goes on there.
 */
export function filterLogEvents(groups: LogGroups, log: (line: string) => void): Operation {
  return async (members) => {
    const group = namedGroup(groups, members);
    const matches = pattern(members, "filterPattern");
    const streams = chosenStreams(groups, group, members);
    const names = new Map([...group.streams.values()].map(({ number, name }) => [number, name]));
    const most = limit(members, MAX_EVENTS);
    const token = text(members, "nextToken");
    const found = scan(await groups.events(group), {
      from: Math.max(integer(members, "startTime") ?? 0, groups.retainedFrom(group)),
      to: integer(members, "endTime") ?? Number.MAX_SAFE_INTEGER,
      streams,
      after: token === undefined ? undefined : cursorOf(token),
      damaged: (place) => log(`${group.name}: damaged log event left out: ${place}`),
    });
    const events: object[] = [];
    let searched = 0;
    let returned = 0;
    let last: StoredEvent | undefined;
    let more = false;
    for await (const event of found) {
      const bytes = Buffer.byteLength(event.message);
      const hit = matches(event.message);
      if (
        events.length >= most ||
        searched > MAX_SEARCH_BYTES ||
        (hit && events.length > 0 && returned + bytes > MAX_PAGE_BYTES)
      ) {
        more = true;
        break;
      }
      searched += bytes;
      last = event;
      if (!hit) continue;
      returned += bytes;
      events.push(filtered(event, names.get(event.stream) ?? ""));
    }
    return { events, searchedLogStreams: [], ...(more && last ? { nextToken: cursorToken(last) } : {}) };
  };
}

function filtered(event: StoredEvent, logStreamName: string) {
  const { timestamp, message, ingestionTime } = event;
  return { logStreamName, timestamp, message, ingestionTime, eventId: eventId(event) };
}

/** Numbers of the streams to search: those of deleted streams are never among them. */
function chosenStreams(groups: LogGroups, group: LogGroup, members: Members): Set<number> {
  const names = texts(members, "logStreamNames");
  const prefix = text(members, "logStreamNamePrefix");
  if (names.length > 0 && prefix !== undefined) {
    throw invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
  }
  if (names.length > MAX_STREAM_NAMES)
    throw invalid(`logStreamNames holds more than ${MAX_STREAM_NAMES} names`);
  const chosen =
    names.length > 0
      ? names.map((name) => groups.stream(group, name))
      : [...group.streams.values()].filter(({ name }) => name.startsWith(prefix ?? ""));
  return new Set(chosen.map(({ number }) => number));
}
