import { createClients } from "../aws/clients.ts";
import { isLoopback } from "../aws/emulator.ts";
import { clockOffset, filterLogPage } from "../aws/logs.ts";
import type { Context } from "../context.ts";
import { type Pause, systemPause } from "../ingest/pause.ts";
import { formatAge } from "../terminal/format.ts";
import type { LogSource } from "./event.ts";
import {
  createMemories,
  type FollowParts,
  follow,
  type Memories,
  REMEMBERED_MS,
  type Sourced,
} from "./follow.ts";
import { LineMaker, type TailLine } from "./line.ts";
import { followLive, type LiveParts, LiveUnsupportedError } from "./live.ts";
import { LogReader } from "./log-reader.ts";
import { mergeByTime } from "./merge.ts";
import { type TailOptions, type TimeRange, timeRange } from "./options.ts";
import { findSources, type LogPlace } from "./sources.ts";

/** Events of a group's first page: enough for a screen, and there at once. */
const FIRST_PAGE_EVENTS = 200;

/** What tests replace. */
export interface TailSeams {
  pause: Pause;
  readPage: typeof filterLogPage;
}

/**
 * The log events of the named functions and groups, merged in the order of time: those since `--since`, then, unless
 * told otherwise, what comes. Each event comes once.
 * @throws UsageError, CredentialsError, NotDeployedError
 */
export async function* tail(
  options: TailOptions,
  context: Context,
  { pause, readPage }: TailSeams = { pause: systemPause, readPage: filterLogPage },
): AsyncGenerator<TailLine> {
  const place = await findSources(options, context);
  const clients = createClients(place, context);
  try {
    const client = await clients.logs();
    const { terminal, signal } = context;
    const { sources, endpoint } = place;
    const nearby = endpoint !== null && isLoopback(endpoint);
    /** By the service's clock. */
    const now = () => context.now() + clockOffset(client);
    const parts = { client, readPage, endpoint, nearby, terminal, pause, now, signal };
    const reader = new LogReader(parts, sources);
    const memories = createMemories(sources);
    const lines = new LineMaker(sources, options, new Date(now()).toISOString().slice(0, 10));
    const tellClock = clockTeller(context, () => clockOffset(client));

    let range = timeRange(options, now());
    const ended = (to: number | undefined) => !options.follow || (to !== undefined && to <= now());
    tellPlace(place, range, ended(range.to), context);
    const history = () => readHistory(sources, reader, memories, { ...range, filter: options.filter }, now());
    let shown = 0;
    const show = function* (item: Sourced): Generator<TailLine> {
      reader.position = Math.max(reader.position ?? 0, item.event.timestamp);
      const line = lines.line(item);
      if (!line) return;
      shown++;
      yield line;
    };

    let past = history();
    let first = await past.next();
    if (tellClock() && range.relative) {
      await past.return(undefined);
      range = timeRange(options, now());
      past = history();
      first = await past.next();
    }
    for (let item = first; !item.done; item = await past.next()) yield* show(item.value);
    if (ended(range.to)) {
      if (shown === 0) tellNothing(range, options, context);
      return;
    }
    if (shown === 0) terminal.note("Nothing yet; waiting for events.");
    const more = { from: range.from, to: range.to, filter: options.filter };
    const next = options.live
      ? followPushed(sources, more, { ...parts, reader, memories })
      : follow(sources, memories, more, { reader, nearby, pause, now, signal });
    for await (const item of next) {
      tellClock();
      yield* show(item);
    }
  } finally {
    clients.close();
  }
}

/** Pushed events; from a service that can't push, events that are asked for. */
async function* followPushed(
  sources: readonly LogSource[],
  range: { from: number; to: number | undefined; filter: string | undefined },
  parts: LiveParts & FollowParts,
): AsyncGenerator<Sourced> {
  try {
    yield* followLive(sources, range, parts);
  } catch (error) {
    if (!(error instanceof LiveUnsupportedError)) throw error;
    parts.terminal.warn("--live needs StartLiveTail, which is not served here; asking for events instead.");
    yield* follow(sources, parts.memories, range, parts);
  }
}

/** What there is already: every group's events merged, each noted so that following doesn't double it. */
async function* readHistory(
  sources: readonly LogSource[],
  reader: LogReader,
  memories: Memories,
  range: { from: number; to: number | undefined; filter: string | undefined },
  now: number,
): AsyncGenerator<Sourced> {
  for (const memory of memories.values()) memory.forgetBefore(now - REMEMBERED_MS);
  const lanes = sources.map(async function* (source): AsyncGenerator<Sourced[]> {
    for await (const events of reader.pages(source, range, FIRST_PAGE_EVENTS)) {
      yield events.map((event) => ({ source, event }));
    }
  });
  for await (const item of mergeByTime(lanes, ({ event }) => event.timestamp)) {
    const { source, event } = item;
    const memory = memories.get(source.group);
    // Below the floor nothing is remembered, nor asked for again.
    if (!memory || event.timestamp < memory.floor || memory.add(event.id, event.timestamp)) yield item;
  }
}

/** Says once when this machine's clock is off; returns true at that moment. */
function clockTeller({ terminal }: Context, offset: () => number): () => boolean {
  let told = false;
  return () => {
    const ms = offset();
    if (told || ms === 0) return false;
    told = true;
    const apart = formatAge(Math.abs(ms) / 1_000);
    terminal.warn(
      `This machine's clock is ${apart} ${ms > 0 ? "behind" : "ahead of"} CloudWatch's; ages count from the latter.`,
    );
    return true;
  };
}

function tellPlace(
  { env, endpoint, region, sources }: LogPlace,
  range: TimeRange,
  ends: boolean,
  { terminal, now }: Context,
): void {
  const named = sources.length === 1 ? (sources[0]?.label ?? "") : `${sources.length} log groups`;
  const until = range.to === undefined ? "" : ` until ${shortTime(range.to, now())}`;
  const hint = ends ? "" : "; Ctrl-C ends";
  terminal.note(
    `${env} (${endpoint ?? region}): ${named} since ${shortTime(range.from, now())}${until} UTC${hint}`,
  );
}

function tellNothing(range: TimeRange, options: TailOptions, { terminal, now }: Context): void {
  const chosen = options.filter !== undefined || options.grep || options.errors || options.request;
  const since = shortTime(range.from, now());
  terminal.note(
    `No ${chosen ? "matching events" : "events"} since ${since} UTC; an earlier --since looks further back.`,
  );
}

/** Without the date where it is today's. */
function shortTime(time: number, now: number): string {
  const [day = "", clock = ""] = new Date(time).toISOString().slice(0, 19).split("T");
  return day === new Date(now).toISOString().slice(0, 10) ? clock : `${day} ${clock}`;
}
