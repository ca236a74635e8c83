import { randomUUID } from "node:crypto";
import type { ReadableStream } from "../kinesis/service.ts";
import type { MetricsSink } from "../lambda/sinks.ts";
import type { S3Service } from "../s3/service.ts";
import type { EngineParts } from "../service.ts";
import type { DurableMap } from "../storage/durable-map.ts";
import { Batch } from "./batch.ts";
import type { S3Destination } from "./destination.ts";
import { DeliveryMetrics } from "./metrics.ts";
import { type Intent, type Progress, pendingRanges, progressIn, readRanges } from "./progress.ts";

/** Shortest and longest pause before a refused object is tried again, in milliseconds. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** After so long AWS drops what it can't deliver; the engine goes on, and says so. */
const AWS_GIVES_UP_MS = 24 * 3_600_000;

/** A delivery stream as it is kept. */
export interface DeliverySettings {
  name: string;
  /** Tells it from an earlier one of its name; also the name of its folder. */
  id: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  updatedAt: number;
  /** Counts changes of the configuration; part of object names. */
  version: number;
  /** Name of the Kinesis stream it reads; null where records are put to it directly. */
  stream: string | null;
  destination: S3Destination;
  tags: Record<string, string>;
}

export interface DeliveryParts {
  engine: EngineParts;
  s3: Pick<S3Service, "putIfAbsent" | "bucketNames">;
  metrics: MetricsSink;
  /** By the id of the delivery stream. */
  progress: DurableMap<Progress>;
  /** The stream to read; undefined while there is none. */
  source(): ReadableStream | undefined;
  /** Everything before these positions is in S3. */
  delivered(positions: Progress["positions"]): Promise<void>;
}

/**
 * Takes records from a stream to S3. It holds none: what waits lies in the stream, and a batch is read when it is
 * due, by size or by the age of its oldest record. What S3 refuses is tried again without end.
 */
export class Delivery {
  readonly metrics: DeliveryMetrics;
  #running: Promise<void> | null = null;
  #again = false;
  #closed = false;
  #cancelTimer: (() => void) | undefined;
  /** Arrival of the oldest record that waits; null when it must be looked up. */
  #since: number | null = null;
  #failing: { since: number; attempts: number; dropsTold: boolean } | null = null;

  constructor(
    public settings: DeliverySettings,
    private readonly parts: DeliveryParts,
  ) {
    this.metrics = new DeliveryMetrics(parts.metrics, parts.engine.clock, settings.name);
  }

  /** There may be something to do: records have come, or the configuration has changed. */
  wake(): void {
    if (this.#closed) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (!this.#again) return;
      this.#again = false;
      this.wake();
    });
  }

  /** Tries at once what S3 refused. */
  retryNow(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.wake();
  }

  /**
   * Goes on with another configuration. A batch that is being stored keeps its own, unless its bucket is gone: then
   * nothing of it is left anywhere, and its records go where the new configuration says.
   */
  async configure(settings: DeliverySettings): Promise<void> {
    while (this.#running) await this.#running;
    this.settings = settings;
    const progress = this.#progress;
    const bucket = progress?.intent?.destination.bucket;
    if (progress && bucket !== undefined && !this.parts.s3.bucketNames().includes(bucket)) {
      await this.parts.progress.set(settings.id, { ...progress, intent: null });
    }
    this.retryNow();
  }

  /** Records that are not in S3, of a batch being stored too. */
  get undelivered(): number {
    const source = this.parts.source();
    if (!source) return 0;
    const { positions } = progressIn(source, this.#progress);
    return Object.values(pendingRanges(source, positions)).reduce((sum, [from, to]) => sum + to - from, 0);
  }

  /** Ends it; a batch that is being stored is completed, what waits stays where it is. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    await this.#running;
  }

  get #progress(): Progress | undefined {
    return this.parts.progress.get(this.settings.id);
  }

  async #run(): Promise<void> {
    // While S3 refuses, the timer says when to try again, and new records change nothing.
    if (this.#failing && this.#cancelTimer) return;
    try {
      for (;;) {
        const source = this.parts.source();
        const wait = source ? await this.#untilDue(source) : null;
        if (this.#closed || !source || wait === null) return;
        if (wait > 0) return this.#arm(wait);
        await this.#flush(source);
        this.#recovered();
      }
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  /** Milliseconds until the next batch is due; null when nothing waits. */
  async #untilDue(source: ReadableStream): Promise<number | null> {
    const progress = progressIn(source, this.#progress);
    if (progress.intent) return 0;
    const { bufferMb, bufferSeconds } = this.settings.destination;
    let bytes = 0;
    for (const shard of source.shards) bytes += await shard.bytesFrom(progress.positions[shard.id] ?? 0);
    if (bytes === 0) {
      this.#since = null;
      return null;
    }
    if (bytes >= bufferMb * 1024 * 1024) return 0;
    const { clock } = this.parts.engine;
    // A clock that was put back must not make records wait until it has caught up.
    this.#since ??= Math.min(await oldestArrival(source, progress), clock.now());
    return Math.max(0, this.#since + bufferSeconds * 1000 - clock.now());
  }

  /** Stores the batch that a crash or a refusal has left, or the next one. */
  async #flush(source: ReadableStream): Promise<void> {
    const progress = progressIn(source, this.#progress);
    const { name, id, version, destination } = this.settings;
    const { clock } = this.parts.engine;
    let { intent } = progress;
    const fresh = { id: randomUUID(), at: clock.now(), deliveryStream: name, version };
    const batch = new Batch(intent ?? fresh, intent?.destination ?? destination);
    const read = await readRanges(
      source,
      intent?.ranges ?? pendingRanges(source, progress.positions),
      intent ? Number.POSITIVE_INFINITY : destination.bufferMb * 1024 * 1024,
      (record) => batch.add(record),
      (records) => this.#lost(records),
    );
    if (!intent && batch.records > 0) {
      intent = { ...fresh, ranges: read, destination };
      await this.parts.progress.set(id, { ...progress, intent });
    }
    if (intent) await this.#store(intent, batch);
    const ends = Object.entries(intent?.ranges ?? read).map(([shard, [, to]]) => [shard, to] as const);
    const positions = { ...progress.positions, ...Object.fromEntries(ends) };
    await this.parts.progress.set(id, { streamId: source.id, positions, intent: null });
    this.#since = null;
    await this.parts.delivered(positions);
  }

  async #store({ destination }: Intent, batch: Batch): Promise<void> {
    // Its age counts while it can't be stored, too.
    this.#since = batch.oldest;
    for (const object of batch.objects()) {
      const { key, payload } = object;
      const stored = { bucket: destination.bucket, key, contentType: "application/octet-stream" };
      const isNew = await this.parts.s3.putIfAbsent(stored, payload());
      if (isNew) this.metrics.stored(object);
    }
    if (batch.records > 0) this.metrics.fresh(batch.oldest);
  }

  #failed(error: Error): void {
    const { clock, log } = this.parts.engine;
    const { name, destination } = this.settings;
    if (this.#closed) return;
    const failing = this.#failing ?? { since: clock.now(), attempts: 0, dropsTold: false };
    this.metrics.failed();
    if (this.#since !== null && Number.isFinite(this.#since)) this.metrics.fresh(this.#since);
    if (failing.attempts === 0) {
      log(
        `firehose: ${name} can't store its objects in ${destination.bucket}: ${error.message.replace(/\.$/, "")}. It tries again until it can; nothing is lost as long as the stream keeps its records.`,
      );
    }
    if (!failing.dropsTold && clock.now() - failing.since > AWS_GIVES_UP_MS) {
      failing.dropsTold = true;
      log(
        `firehose: ${name} has not stored anything for 24 hours: AWS would drop these records now; here it goes on trying.`,
      );
    }
    failing.attempts++;
    this.#failing = failing;
    this.#arm(Math.min(FIRST_RETRY_MS * 2 ** (failing.attempts - 1), LAST_RETRY_MS));
  }

  #recovered(): void {
    if (!this.#failing) return;
    const { clock, log } = this.parts.engine;
    const seconds = Math.round((clock.now() - this.#failing.since) / 1000);
    log(`firehose: ${this.settings.name} stores its objects again, after ${seconds} s.`);
    this.#failing = null;
  }

  #lost(records: number): void {
    this.parts.engine.log(
      `firehose: ${this.settings.name}: about ${records} records were older than the stream's retention before they could be stored: they are lost.`,
    );
  }

  #arm(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.parts.engine.clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      this.wake();
    });
  }
}

/** Arrival of the oldest record behind the positions, in milliseconds since the epoch; 0 when retention took them all. */
async function oldestArrival(source: ReadableStream, { positions }: Progress): Promise<number> {
  let oldest = Number.POSITIVE_INFINITY;
  for (const shard of source.shards) {
    const from = positions[shard.id] ?? 0;
    if (from >= shard.next) continue;
    const [first] = await shard.read(from, { maxRecords: 1, maxBytes: 1 });
    if (first) oldest = Math.min(oldest, first.arrivedAt);
  }
  return Number.isFinite(oldest) ? oldest : 0;
}
