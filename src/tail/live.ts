import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { type LiveSession, type LiveUpdate, MAX_LIVE_GROUPS, openLiveTail } from "../aws/live-tail.ts";
import { faultOf, isUnsupported } from "../aws/logs-errors.ts";
import { EventQueue } from "../event-queue.ts";
import type { Pause } from "../ingest/pause.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { LogSource } from "./event.ts";
import type { Memories, Sourced } from "./follow.ts";
import { arnsOf } from "./live-groups.ts";
import { LiveMemory } from "./live-memory.ts";
import type { LogReader } from "./log-reader.ts";

const MINUTE_MS = 60_000;
/** A session ends after three hours; the next one is opened before. */
const SESSION_MS = 170 * MINUTE_MS;
/** The old session goes on for a moment beside the new one, for what it has not sent yet. */
const OVERLAP_MS = 5_000;
/** An update comes each second: without one for so long the connection is dead. */
const SILENCE_MS = 30_000;
/** After a session has begun what came before is searched for: at once, and when CloudWatch has indexed it. */
const SEARCH_AFTER_MS = [0, 15_000];
const SEARCH_REACH_MS = 5 * MINUTE_MS;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
const PATIENCE_MS = 5 * MINUTE_MS;

export interface LiveParts {
  client: CloudWatchLogsClient;
  reader: LogReader;
  memories: Memories;
  terminal: Terminal;
  pause: Pause;
  /** Milliseconds since the epoch by the service's clock. */
  now(): number;
  signal: AbortSignal;
}

interface Range {
  from: number;
  to: number | undefined;
  filter: string | undefined;
}

/** The service has no StartLiveTail: an emulator. */
export class LiveUnsupportedError extends Error {}

/**
 * Has events pushed. Sessions are renewed before they end and opened anew when they break; what a gap may have
 * swallowed is searched for, and nothing is doubled. Events come as CloudWatch takes them in, late ones too.
 * @throws LiveUnsupportedError; UsageError, CredentialsError, NotDeployedError
 */
export async function* followLive(
  sources: readonly LogSource[],
  range: Range,
  parts: LiveParts,
): AsyncGenerator<Sourced> {
  const byArn = await arnsOf(sources, parts);
  const pushed = new EventQueue<Sourced>();
  let failure: { error: unknown } | undefined;
  const memory = new LiveMemory(parts.now);
  const arns = [...byArn.keys()];
  const tails = [];
  for (let first = 0; first < arns.length; first += MAX_LIVE_GROUPS) {
    const some = new Map(arns.slice(first, first + MAX_LIVE_GROUPS).map((arn) => [arn, byArn.get(arn)]));
    tails.push(
      new LiveTail(some, range, parts, memory, (items) => {
        for (const item of items) pushed.push(item);
      }),
    );
  }
  Promise.all(tails.map((one) => one.run())).then(
    () => pushed.end(),
    (error: unknown) => {
      failure = { error };
      pushed.end();
    },
  );
  const onAbort = () => pushed.end();
  parts.signal.addEventListener("abort", onAbort, { once: true });
  try {
    yield* pushed;
    if (failure) throw failure.error;
  } finally {
    parts.signal.removeEventListener("abort", onAbort);
    for (const one of tails) one.close();
  }
}

/** One run of sessions over at most ten groups. */
class LiveTail {
  #closed = false;
  #sessions = new Set<LiveSession>();
  #sampling = false;

  constructor(
    /** By ARN. */
    private readonly groups: ReadonlyMap<string, LogSource | undefined>,
    private readonly range: Range,
    private readonly parts: LiveParts,
    private readonly memory: LiveMemory,
    private readonly emit: (items: readonly Sourced[]) => void,
  ) {}

  async run(): Promise<void> {
    const { now } = this.parts;
    let gapFrom = now();
    while (!this.#closed) {
      const session = await this.#open();
      await this.#listen(session, gapFrom);
      gapFrom = now();
    }
  }

  close(): void {
    this.#closed = true;
    for (const session of this.#sessions) session.close();
  }

  /** Shows a session's events until it is time for the next one, or it breaks. */
  async #listen(session: LiveSession, gapFrom: number): Promise<void> {
    const { now, terminal } = this.parts;
    const openedAt = now();
    const isNew = this.memory.source();
    const searches = SEARCH_AFTER_MS.map((after) => openedAt + after);
    try {
      while (!this.#closed) {
        if (now() >= (searches[0] ?? Number.POSITIVE_INFINITY)) {
          searches.shift();
          await this.#search(gapFrom - SEARCH_REACH_MS);
        }
        if (this.range.to !== undefined && now() > this.range.to + OVERLAP_MS) this.close();
        if (now() - openedAt >= SESSION_MS) {
          terminal.debug("Live Tail: a new session takes over before three hours are up");
          this.#drain(session, isNew);
          return;
        }
        const update = await this.#next(session);
        if (!update) {
          if (!this.#closed) terminal.note("The Live Tail session ended; opening another.");
          break;
        }
        this.#show(update, isNew);
      }
    } catch (error) {
      if (this.#closed) return;
      if (faultOf(error) === "final" && !isBroken(error))
        throw this.parts.reader.explain(error, "StartLiveTail", this.#names());
      terminal.note(`The Live Tail session broke (${(error as Error).message}); opening another.`);
    }
    this.#end(session);
  }

  /** What a session that is being replaced still has. */
  #drain(session: LiveSession, isNew: ReturnType<LiveMemory["source"]>): void {
    const { now } = this.parts;
    const until = now() + OVERLAP_MS;
    const rest = async () => {
      for (
        let update = await this.#next(session);
        update && now() < until;
        update = await this.#next(session)
      ) {
        this.#show(update, isNew);
      }
    };
    // The new session and its search have what this one can't give any more.
    rest()
      .catch((error: Error) =>
        this.parts.terminal.debug(`Live Tail: the replaced session broke: ${error.message}`),
      )
      .finally(() => this.#end(session));
  }

  async #next(session: LiveSession): Promise<LiveUpdate | undefined> {
    const answered = new AbortController();
    const silence = this.parts.pause(SILENCE_MS, answered.signal).then(
      () => Promise.reject(new BrokenSessionError(`no update for ${SILENCE_MS / 1_000} s`)),
      // The update came first.
      () => undefined,
    );
    try {
      return await Promise.race([session.next(), silence]);
    } finally {
      answered.abort();
    }
  }

  #show({ sampled, events }: LiveUpdate, isNew: ReturnType<LiveMemory["source"]>): void {
    if (sampled && !this.#sampling) {
      this.parts.terminal.warn(
        "More than 500 events a second: CloudWatch pushes only some of them. Without --live all are shown.",
      );
    }
    this.#sampling = sampled;
    const items = events.flatMap(({ groupIdentifier, ...event }): Sourced[] => {
      const source = this.#source(groupIdentifier);
      const { from, to = Number.POSITIVE_INFINITY } = this.range;
      if (!source || event.timestamp < from || event.timestamp > to) return [];
      return isNew(source.group, event) ? [{ source, event: { id: "", ...event } }] : [];
    });
    this.emit(items.sort((a, b) => a.event.timestamp - b.event.timestamp));
  }

  /** The group's source by ARN, or by the `account:name` that CloudWatch puts in its place. */
  #source(identifier: string): LogSource | undefined {
    const bare = identifier.replace(/:\*$/, "");
    const known = this.groups.get(bare);
    if (known) return known;
    const name = bare.slice(bare.lastIndexOf(":") + 1);
    for (const [arn, source] of this.groups) if (arn.endsWith(`:log-group:${name}`)) return source;
    return undefined;
  }

  /** Events from `from` on that no session has brought. */
  async #search(from: number): Promise<void> {
    const isNew = this.memory.source();
    const found: Sourced[] = [];
    for (const source of this.groups.values()) {
      if (!source) continue;
      const taken = this.parts.memories.get(source.group);
      const query = {
        from: Math.max(from, this.range.from, taken?.floor ?? 0),
        to: this.range.to,
        filter: this.range.filter,
      };
      for await (const events of this.parts.reader.pages(source, query)) {
        for (const event of events) {
          const fresh = taken?.add(event.id, event.timestamp) ?? true;
          if (isNew(source.group, event) && fresh) found.push({ source, event });
        }
      }
    }
    this.emit(found.sort((a, b) => a.event.timestamp - b.event.timestamp));
  }

  async #open(): Promise<LiveSession> {
    const { client, pause, now, signal, terminal, reader } = this.parts;
    const since = now();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      try {
        const session = await openLiveTail(client, [...this.groups.keys()], this.range.filter);
        if (this.#closed) session.close();
        else this.#sessions.add(session);
        return session;
      } catch (error) {
        if (isUnsupported(error)) throw new LiveUnsupportedError((error as Error).message, { cause: error });
        const fault = faultOf(error);
        if (fault === "final" || fault === "missing" || now() - since > PATIENCE_MS) {
          throw reader.explain(error, "StartLiveTail", this.#names());
        }
        terminal.note(`Live Tail: ${(error as Error).message}; trying again in ${pauseMs / 1_000} s`);
        await pause(pauseMs, signal);
      }
    }
  }

  #end(session: LiveSession): void {
    this.#sessions.delete(session);
    session.close();
  }

  #names(): string {
    return [...this.groups.values()].flatMap((source) => (source ? [source.group] : [])).join(", ");
  }
}

/** The connection is there and silent. */
class BrokenSessionError extends Error {}

/** Faults of one session that another one may not have. */
function isBroken(error: unknown): boolean {
  if (error instanceof BrokenSessionError) return true;
  const { name, message } = error as Error;
  return (
    name === "SessionStreamingException" ||
    name === "AbortError" ||
    /aborted|premature|terminated|truncated/i.test(message)
  );
}
