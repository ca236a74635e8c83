import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { Gate } from "../gate.ts";
import type { Manifest } from "../manifest.ts";
import { Patience } from "../patience.ts";
import type { Pause } from "../pause.ts";
import { SinkUnreachableError } from "../sink.ts";
import type { EventEndpoint } from "./endpoint.ts";
import type { OutgoingEvent } from "./event.ts";
import type { RejectsFile } from "./rejects.ts";
import { judge, type Refusal, type Verdict } from "./verdict.ts";

/** Attempts of one batch that the API cannot answer while it does answer others. */
const MAX_ATTEMPTS = 8;
const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 8_000;
/** A busy API is waited for so long after it took the last batch. */
const BUSY_PATIENCE_MS = 120_000;

export interface SendParts {
  batches: AsyncIterable<readonly OutgoingEvent[]>;
  endpoint: EventEndpoint;
  manifest: Manifest<"events">;
  rejects: RejectsFile;
  /** Requests at once. */
  concurrency: number;
  pause: Pause;
  now(): number;
  /** In [0, 1), for jitter. */
  random(): number;
  signal: AbortSignal;
  note(line: string): void;
  onProgress(report: SendReport): void;
}

export interface SendReport {
  /** Events that the API has confirmed. */
  accepted: number;
  /** Bytes of these. */
  bytes: number;
  /** Refused by the API, for good. */
  refused: number;
  /** Sent, or about to be, without an answer: they may be in the stream or not. */
  unanswered: number;
  /** Sent again, with the same id, when nobody could say whether they had been taken: each may be there twice. */
  resent: number;
  /** The first refusals, for people. */
  failures: { key: string; reason: string }[];
  /** Of each answered request, microseconds. */
  latency: RecordableHistogram;
  /** Why nothing more was taken. */
  stopped: Stopped | null;
}

export interface Stopped {
  why: Extract<Verdict, { kind: "stop" }>["why"] | "busy" | "unreachable";
  reason: string;
}

/** What became of one event. */
type Outcome = "accepted" | "unanswered" | "unsent" | Refusal;

/** Whether a batch may be in the stream though no answer says so. */
interface Doubt {
  open: boolean;
}

/** Reasons kept for the result; the rejects file has them all. */
const MAX_REASONS = 1_000;

/**
 * Posts batches of events, several at a time. Before a batch is sent for the first time its ids are in the manifest,
 * after its answer what became of them: whenever the process dies, the manifest knows every id that may have arrived.
 * When the signal is aborted, requests under way are finished, and nothing is repeated.
 * @throws EdpError of the source or the manifest
 */
export async function sendEvents(parts: SendParts): Promise<SendReport> {
  const sender = new Sender(parts);
  const iterator = parts.batches[Symbol.asyncIterator]();
  let fatal: unknown;
  const worker = async () => {
    while (!parts.signal.aborted && fatal === undefined && sender.report.stopped === null) {
      try {
        const next = await iterator.next();
        if (next.done) return;
        await sender.deliver(next.value);
        parts.onProgress(sender.report);
      } catch (error) {
        if (!parts.signal.aborted) fatal ??= error;
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: parts.concurrency }, worker));
  await iterator.return?.();
  if (fatal !== undefined) throw fatal;
  return sender.report;
}

class Sender {
  readonly report: SendReport = {
    accepted: 0,
    bytes: 0,
    refused: 0,
    unanswered: 0,
    resent: 0,
    failures: [],
    latency: createHistogram(),
    stopped: null,
  };
  readonly #gate: Gate;
  readonly #patience: Patience;
  readonly #resent = new Set<string>();
  #batches = 0;
  #lastTaken: number;
  #told = "";

  constructor(private readonly parts: SendParts) {
    const { concurrency, pause, now, signal, endpoint } = parts;
    this.#gate = new Gate(concurrency, pause, now, signal);
    this.#patience = new Patience(pause, now, signal, endpoint.host);
    this.#lastTaken = now();
  }

  async deliver(events: readonly OutgoingEvent[]): Promise<void> {
    const { manifest, rejects } = this.parts;
    const batch = ++this.#batches;
    await manifest.add({ batch, ids: events.map(({ eventId }) => eventId) });
    const outcomes = await this.#settle(events);
    const refused: { event: OutgoingEvent; refusal: Refusal }[] = [];
    const indexes = { rejected: [] as number[], unanswered: [] as number[], unsent: [] as number[] };
    for (const [index, event] of events.entries()) {
      const outcome = outcomes[index] ?? "unanswered";
      if (outcome === "accepted") {
        this.report.accepted++;
        this.report.bytes += event.bytes;
      } else if (outcome === "unanswered" || outcome === "unsent") indexes[outcome].push(index);
      else {
        refused.push({ event, refusal: outcome });
        indexes.rejected.push(index);
      }
    }
    this.report.unanswered += indexes.unanswered.length;
    this.#refuse(refused);
    await rejects.add(refused);
    await manifest.add({ batch, ...indexes });
  }

  #refuse(refused: readonly { event: OutgoingEvent; refusal: Refusal }[]): void {
    const { failures } = this.report;
    this.report.refused += refused.length;
    for (const { event, refusal } of refused.slice(0, MAX_REASONS - failures.length)) {
      failures.push({
        key: event.origin ?? event.eventId,
        reason: [refusal.path, refusal.reason].filter(Boolean).join(": "),
      });
    }
  }

  /** Posts events until each of them has an answer, or none can be had. What an answer settles is not sent again. */
  async #settle(events: readonly OutgoingEvent[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const doubt: Doubt = { open: false };
    let left = events.map((event, index) => ({ event, index }));
    const settle = (told: ReadonlyMap<number, Refusal | null>) => {
      this.#lastTaken = this.parts.now();
      for (const [place, { index }] of left.entries()) {
        const refusal = told.get(place);
        if (refusal !== undefined) outcomes[index] = refusal ?? "accepted";
      }
      left = left.filter((_one, place) => !told.has(place));
    };
    const giveUp = () => {
      for (const { index } of left) outcomes[index] = doubt.open ? "unanswered" : "unsent";
      return outcomes;
    };
    for (let attempt = 1; ; attempt++) {
      const sent = left.map(({ event }) => event);
      const verdict = await this.#post(sent, doubt);
      if (verdict?.kind === "settled") {
        settle(new Map(sent.map((_event, place) => [place, verdict.refused.get(place) ?? null])));
        return outcomes;
      }
      if (verdict?.kind === "split") {
        const halves = await this.#halves(sent, verdict.refusal);
        for (const [place, { index }] of left.entries()) outcomes[index] = halves[place] ?? "unanswered";
        return outcomes;
      }
      if (verdict?.kind === "stop") this.#stop(verdict.why, verdict.reason);
      if (verdict?.kind !== "retry") return giveUp();
      if (verdict.told && verdict.told.size > 0) settle(verdict.told);
      if (!(await this.#waitToRetry(verdict, attempt))) return giveUp();
    }
  }

  /** Undefined when there was no answer, and none is waited for any more. */
  async #post(events: readonly OutgoingEvent[], doubt: Doubt): Promise<Verdict | undefined> {
    const { endpoint } = this.parts;
    const body = `[${events.map(({ json }) => json).join(",")}]`;
    try {
      const answer = await this.#patience.through(() =>
        this.#gate.run(async () => {
          if (this.report.stopped) return undefined;
          if (doubt.open) this.#noteResent(events);
          const started = performance.now();
          const before = doubt.open;
          doubt.open = true;
          const received = await endpoint.post(body);
          // A refusal says that nothing was taken; what else is no plain answer says nothing.
          doubt.open = before || received.status < 400 || received.status >= 500;
          this.report.latency.record(Math.max(1, Math.round((performance.now() - started) * 1000)));
          return received;
        }),
      );
      return answer && judge(answer, events.length);
    } catch (error) {
      if (this.parts.signal.aborted) return undefined;
      if (!(error instanceof SinkUnreachableError)) throw error;
      this.#stop("unreachable", error.message);
      return undefined;
    }
  }

  /** False when it is no use any more. */
  async #waitToRetry(verdict: Verdict & { kind: "retry" }, attempt: number): Promise<boolean> {
    const { pause, now, random, signal, endpoint, note } = this.parts;
    if (signal.aborted || this.report.stopped) return false;
    if (verdict.everyone && now() - this.#lastTaken > BUSY_PATIENCE_MS) {
      this.#stop("busy", `${endpoint.host} ${verdict.reason}, for ${BUSY_PATIENCE_MS / 1000} s now`);
      return false;
    }
    if (!verdict.everyone && attempt >= MAX_ATTEMPTS) {
      note(`${endpoint.host} ${verdict.reason}: a batch is given up after ${MAX_ATTEMPTS} attempts`);
      return false;
    }
    if (this.#told !== verdict.reason) note(`${endpoint.host} ${verdict.reason}: trying again ...`);
    this.#told = verdict.reason;
    const ceiling = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS);
    const waitMs = verdict.waitMs ?? ceiling / 2 + (ceiling / 2) * random();
    try {
      await (verdict.everyone ? this.#gate.pauseAll(waitMs) : pause(waitMs, signal));
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  /** A batch that was refused as a whole is sent in halves, so that one event does not take the others with it. */
  async #halves(events: readonly OutgoingEvent[], refusal: Refusal): Promise<Outcome[]> {
    if (events.length === 1) return [refusal];
    const middle = events.length >> 1;
    return [...(await this.#settle(events.slice(0, middle))), ...(await this.#settle(events.slice(middle)))];
  }

  #noteResent(events: readonly OutgoingEvent[]): void {
    for (const { eventId } of events) this.#resent.add(eventId);
    this.report.resent = this.#resent.size;
  }

  #stop(why: Stopped["why"], reason: string): void {
    this.report.stopped ??= { why, reason };
  }
}
