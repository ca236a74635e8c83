import type { S3Client } from "@aws-sdk/client-s3";
import pMap from "p-map";
import { bucketMadeAt } from "../aws/objects.ts";
import { eventAnswers } from "../ingest/event-answers.ts";
import type { EventEntry } from "../ingest/manifest.ts";
import type { DeployedPipeline } from "../topology/deployment.ts";
import type { Delivery } from "../topology/types.ts";
import { type EventEnd, type ReadLine, readError, readEvent } from "./delivered-lines.ts";
import { type DeliveredObject, deliveredSince, objectLines } from "./delivered-objects.ts";
import type { EventReport } from "./report.ts";
import type { Settled, SettleRequest, Settler, SettlerKind } from "./settler.ts";
import type { DeadLetter, TallyCounts } from "./tally.ts";

/** Clocks of this machine and of S3 may differ by this much. */
const CLOCK_SKEW_MS = 5 * 60_000;
const READS_AT_ONCE = 8;
/** With dynamic partitioning, Firehose delivers after up to 1.5 times the buffer's seconds. */
const BUFFER_FACTOR = 1.5;
/** Firehose tries for so long to deliver what S3 does not take. */
const RETRIED_MS = 24 * 60 * 60_000;
const SETTLED_AFTER_MS = 15 * 60_000;

/** Events posted to an API: processed where an object that the delivery wrote holds the event's id. */
export const events: SettlerKind<"events"> = {
  unit: "events",
  async open(request) {
    const settler = new EventSettler(request, await request.clients.s3());
    await settler.take(request.entries);
    return settler;
  },
};

class EventSettler implements Settler<"events"> {
  readonly deadLetters: DeadLetter[] = [];
  /** Accepted events whose end is not known. */
  readonly #open = new Set<string>();
  /** Sent without an answer: one that is found was accepted. */
  readonly #unanswered = new Set<string>();
  readonly #ends = new Map<string, EventEnd>();
  readonly #read = new Set<string>();
  readonly #deliveries: Delivery[];
  #rejected = 0;
  #duplicates = 0;

  constructor(
    private readonly request: SettleRequest<"events">,
    private readonly s3: S3Client,
  ) {
    this.#deliveries = deliveriesTo(request.header.bucket, request.deployed);
  }

  async take(entries: AsyncIterable<EventEntry>): Promise<void> {
    for await (const { eventId, answer } of eventAnswers(entries)) {
      if (answer === "accepted") this.#open.add(eventId);
      if (answer === "unanswered") this.#unanswered.add(eventId);
    }
  }

  get counts(): TallyCounts {
    const found = this.#ends.size;
    return {
      accepted: found + this.#open.size,
      processed: found - this.#rejected,
      rejected: this.#rejected,
      deadLettered: 0,
      missing: this.#open.size,
    };
  }

  get figures(): Record<string, number> {
    return { duplicates: this.#duplicates, unanswered: this.#unanswered.size };
  }

  /** Reads each object once, however often it is called, and counts an object only once it has been read to its end. */
  async look(_thorough: boolean, onFound: () => void = () => {}): Promise<void> {
    const { now, signal } = this.request.context;
    const { lastWritten } = this.request;
    const found = await this.#list();
    const usual = (lastWritten ?? now()) + SETTLED_AFTER_MS;
    const latest = (lastWritten ?? now()) + RETRIED_MS + CLOCK_SKEW_MS;
    const read = async ({ key, lines }: Listed) => {
      signal.throwIfAborted();
      await this.#readObject(key, lines);
      onFound();
    };
    const concurrency = { concurrency: READS_AT_ONCE };
    // What was delivered in time is read whole, so that duplicates are counted; what came later only for what is missing.
    await pMap(
      found.filter(({ modified }) => modified <= usual),
      read,
      concurrency,
    );
    const late = found.filter(({ modified }) => modified > usual && modified <= latest);
    await pMap(
      late.sort((a, b) => a.modified - b.modified),
      (one) => (this.#open.size > 0 ? read(one) : undefined),
      concurrency,
    );
  }

  async settled(): Promise<Settled<"events">> {
    const { context, lastWritten } = this.request;
    const records: EventReport[] = [...this.#ends].map(([eventId, end]) => ({ eventId, ...end }));
    for (const eventId of this.#open) records.push({ eventId, state: "missing" });
    const notes: string[] = [];
    const bufferMs = Math.max(
      0,
      ...this.#deliveries.map(({ bufferSeconds }) => bufferSeconds * BUFFER_FACTOR * 1000),
    );
    if (this.#open.size > 0 && lastWritten !== null && context.now() - lastWritten < bufferMs + 60_000) {
      notes.push(`The delivery gathers events for up to ${bufferMs / 1000} s: run it again later.`);
    }
    if (this.#unanswered.size > 0) {
      notes.push(
        `${this.#unanswered.size} events were sent without an answer and are nowhere: they do not count as accepted.`,
      );
    }
    if (this.#duplicates > 0) {
      notes.push(
        `${this.#duplicates} events are there once more: the client had to send them again, with the same id.`,
      );
    }
    const outputs = new Set(records.flatMap((one) => (one.state === "processed" ? [one.output] : []))).size;
    return { records, outputs, gone: await this.#isGone(), notes };
  }

  /**
   * Whether the lake was emptied or made anew since: it has nothing from the run's beginning on, and was made after the
   * run, or Firehose would have given up meanwhile.
   */
  async #isGone(): Promise<boolean> {
    const { header, lastWritten, context } = this.request;
    if (this.#open.size === 0 || this.#ends.size > 0 || this.#read.size > 0 || lastWritten === null)
      return false;
    if (context.now() - lastWritten > RETRIED_MS + CLOCK_SKEW_MS) return true;
    const made = await bucketMadeAt(this.s3, header.bucket);
    return made !== null && made > lastWritten;
  }

  /** Objects that were not read yet. */
  async #list(): Promise<Listed[]> {
    const { header } = this.request;
    const sinceMs = Date.parse(header.startedAt) - CLOCK_SKEW_MS;
    const found: Listed[] = [];
    for (const { to } of this.#deliveries) {
      for (const [prefix, lines] of [
        [to.prefix, readEvent],
        [to.errorPrefix, readError],
      ] as const) {
        for await (const one of deliveredSince(this.s3, header.bucket, prefix, sinceMs)) {
          if (!this.#read.has(one.key)) found.push({ ...one, lines });
        }
      }
    }
    return found;
  }

  async #readObject(key: string, lines: ReadLine): Promise<void> {
    const { bucket } = this.request.header;
    const output = `s3://${bucket}/${key}`;
    const told: { eventId: string; end: EventEnd }[] = [];
    for await (const line of objectLines(this.s3, bucket, key)) {
      const one = lines(line, output);
      if (one && this.#isOurs(one.eventId)) told.push(one);
    }
    this.#read.add(key);
    for (const { eventId, end } of told) this.#settle(eventId, end);
  }

  #isOurs(eventId: string): boolean {
    return this.#open.has(eventId) || this.#ends.has(eventId) || this.#unanswered.has(eventId);
  }

  /** An event that is in the lake is processed, even where another copy of it could not be placed. */
  #settle(eventId: string, end: EventEnd): void {
    const before = this.#ends.get(eventId);
    this.#open.delete(eventId);
    this.#unanswered.delete(eventId);
    if (before && end.state === "processed" && before.state === "processed") this.#duplicates++;
    if (before && (before.state === "processed" || end.state === "rejected")) return;
    if (before) this.#rejected--;
    if (end.state === "rejected") this.#rejected++;
    this.#ends.set(eventId, end);
  }
}

interface Listed extends DeliveredObject {
  lines: ReadLine;
}

function deliveriesTo(bucket: string, { topology, addresses }: DeployedPipeline): Delivery[] {
  return Object.values(topology.deliveries).filter(({ to }) => addresses.buckets[to.bucket]?.name === bucket);
}
