import pMap from "p-map";
import type { RawEvent } from "../aws/logs.ts";
import type { Pause } from "../ingest/pause.ts";
import type { LogSource } from "./event.ts";
import type { LogReader } from "./log-reader.ts";
import { SeenEvents } from "./seen-events.ts";

const MINUTE_MS = 60_000;

/**
 * How far back a look reaches for events that arrive late, and how often: just behind the newest each time, further
 * back from time to time.
 */
const REACHES = {
  near: [
    { everyMs: 0, reachMs: 15_000 },
    { everyMs: 5_000, reachMs: 5 * MINUTE_MS },
    { everyMs: MINUTE_MS, reachMs: 60 * MINUTE_MS },
  ],
  far: [
    { everyMs: 0, reachMs: 15_000 },
    { everyMs: 30_000, reachMs: 5 * MINUTE_MS },
    { everyMs: 5 * MINUTE_MS, reachMs: 60 * MINUTE_MS },
  ],
};
/** Events are remembered this long, which is the furthest reach and what a slow round takes. */
export const REMEMBERED_MS = 65 * MINUTE_MS;
/** A log that is silent is asked from here on: both clocks may differ by minutes. */
const SILENCE_MS = 5 * MINUTE_MS;

/** Milliseconds between two rounds; AWS answers five FilterLogEvents a second per account and region. */
const NEAR_ROUND_MS = 400;
const FAR_ROUND_MS = 2_000;
const FAR_MS_PER_GROUP = 400;
const PARALLEL = { near: 8, far: 3 };

/** Ids remembered over all groups: some 25 MB. */
const MOST_REMEMBERED = 200_000;
const LEAST_PER_GROUP = 5_000;

/** An event and the log group it is from. */
export interface Sourced {
  source: LogSource;
  event: RawEvent;
}

export interface FollowParts {
  reader: LogReader;
  /** The engine or an emulator on this machine: asked more often. */
  nearby: boolean;
  pause: Pause;
  /** Milliseconds since the epoch by the service's clock. */
  now(): number;
  signal: AbortSignal;
}

/** One memory for each log group. */
export type Memories = ReadonlyMap<string, SeenEvents>;

export function createMemories(sources: readonly LogSource[]): Memories {
  const each = Math.max(LEAST_PER_GROUP, Math.floor(MOST_REMEMBERED / Math.max(1, sources.length)));
  return new Map(sources.map(({ group }) => [group, new SeenEvents(each)]));
}

/**
 * Asks for new events again and again, in rounds over all groups. Windows overlap, so that what arrives late is
 * found; what was taken before is known by its id. Events are held for one round, so that those of one moment come
 * out in the order of time whichever group or stream they are from.
 * Ends at `to`.
 */
export async function* follow(
  sources: readonly LogSource[],
  memories: Memories,
  range: { from: number; to: number | undefined; filter: string | undefined },
  parts: FollowParts,
): AsyncGenerator<Sourced> {
  const { now, nearby } = parts;
  const newest = new Map<string, number>();
  const roundMs = nearby ? NEAR_ROUND_MS : Math.max(FAR_ROUND_MS, sources.length * FAR_MS_PER_GROUP);
  const looked = REACHES[nearby ? "near" : "far"].map((reach) => ({
    ...reach,
    last: Number.NEGATIVE_INFINITY,
  }));
  const held = new HeldEvents(roundMs);
  for (;;) {
    const startedAt = now();
    // The first is always due, even when the clock was set back.
    const due = looked.filter(
      ({ everyMs, last }, index) => index === 0 || Math.abs(startedAt - last) >= everyMs,
    );
    for (const reach of due) reach.last = startedAt;
    const reachMs = Math.max(...due.map((reach) => reach.reachMs));
    const look = async (source: LogSource) => {
      const memory = memories.get(source.group);
      if (!memory) return;
      const last = Math.max(newest.get(source.group) ?? 0, startedAt - SILENCE_MS);
      const from = Math.max(range.from, memory.floor, Math.min(startedAt, last) - reachMs);
      for await (const events of parts.reader.pages(source, { from, to: range.to, filter: range.filter })) {
        for (const event of events) {
          if (!memory.add(event.id, event.timestamp)) continue;
          newest.set(source.group, Math.max(newest.get(source.group) ?? 0, event.timestamp));
          held.add({ source, event }, now());
        }
      }
      memory.forgetBefore(startedAt - REMEMBERED_MS);
    };
    await pMap(sources, look, { concurrency: nearby ? PARALLEL.near : PARALLEL.far });
    yield* held.release(now());
    if (range.to !== undefined && startedAt > range.to + roundMs) break;
    await parts.pause(roundMs * parts.reader.slowdown, parts.signal);
  }
  yield* held.release(Number.POSITIVE_INFINITY);
}

/** Events that wait for others of the same moment. */
class HeldEvents {
  #events: { item: Sourced; arrivedAt: number }[] = [];

  constructor(private readonly holdMs: number) {}

  add(item: Sourced, arrivedAt: number): void {
    this.#events.push({ item, arrivedAt });
  }

  /**
   * Takes out what has waited long enough, by its own time or since it arrived (clocks of senders may be ahead),
   * and everything before it; in the order of time.
   */
  release(now: number): Sourced[] {
    const ripe = this.#events.filter(
      ({ item, arrivedAt }) => now - Math.min(arrivedAt, item.event.timestamp) >= this.holdMs,
    );
    const until = ripe.reduce(
      (latest, { item }) => Math.max(latest, item.event.timestamp),
      Number.NEGATIVE_INFINITY,
    );
    const out = this.#events.filter(({ item }) => item.event.timestamp <= until);
    this.#events = this.#events.filter(({ item }) => item.event.timestamp > until);
    return out.map(({ item }) => item).sort((a, b) => a.event.timestamp - b.event.timestamp);
  }
}
