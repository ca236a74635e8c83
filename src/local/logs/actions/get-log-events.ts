import type { Operation } from "../../http/json-protocol.ts";
import { flag, integer, text } from "../../http/members.ts";
import type { LogGroups } from "../log-groups.ts";
import { invalid, limit, namedGroup, required } from "../parameters.ts";
import type { Cursor, StoredEvent } from "../store/event.ts";
import { scan } from "../store/scan.ts";
import { cursorOf, cursorToken } from "../tokens.ts";

const MAX_EVENTS = 10_000;
/** Largest page, in bytes of messages. */
const MAX_PAGE_BYTES = 1024 * 1024;
const EVENT_OVERHEAD_BYTES = 26;

/**
 * GetLogEvents: one stream's events, oldest first within a page. Without `startFromHead` the first page holds
 * the newest; at the end of a direction its token comes back unchanged.
 */
export function getLogEvents(groups: LogGroups, log: (line: string) => void): Operation {
  return async (members) => {
    const group = namedGroup(groups, members);
    const stream = groups.stream(group, required(members, "logStreamName"));
    const { backward, after } = direction(
      text(members, "nextToken"),
      flag(members, "startFromHead") ?? false,
    );
    const most = limit(members, MAX_EVENTS);
    const events: StoredEvent[] = [];
    let bytes = 0;
    const found = scan(await groups.events(group), {
      from: Math.max(integer(members, "startTime") ?? 0, groups.retainedFrom(group)),
      // endTime itself is not included.
      to: (integer(members, "endTime") ?? Number.MAX_SAFE_INTEGER) - 1,
      streams: new Set([stream.number]),
      after,
      backward,
      damaged: (place) => log(`${group.name}: damaged log event left out: ${place}`),
    });
    for await (const event of found) {
      bytes += Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
      if (events.length > 0 && bytes > MAX_PAGE_BYTES) break;
      events.push(event);
      if (events.length >= most) break;
    }
    if (backward) events.reverse();
    const place = after ?? START;
    return {
      events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
      nextForwardToken: `f/${cursorToken(events.at(-1) ?? place)}`,
      nextBackwardToken: `b/${cursorToken(events[0] ?? place)}`,
    };
  };
}

/** Before every event. */
const START: Cursor = { timestamp: 0, position: { segment: 0, offset: 0 } };

function direction(token: string | undefined, fromHead: boolean): { backward: boolean; after?: Cursor } {
  if (token === undefined) return { backward: !fromHead };
  if (!/^[fb]\//.test(token)) throw invalid("The specified nextToken is invalid.");
  return { backward: token.startsWith("b/"), after: cursorOf(token.slice(2)) };
}
