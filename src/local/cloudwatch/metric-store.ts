import path from "node:path";
import type { EngineParts } from "../service.ts";
import { AppendLog } from "../storage/append-log.ts";
import { emptyMinute, MINUTE_MS, type Minute, merge } from "./minute.ts";

/** What was recorded is written within this time, in milliseconds; a `kill -9` loses no more. */
const FLUSH_MS = 1_000;
/** CloudWatch keeps metrics of one minute for 15 days. */
const RETENTION_MS = 15 * 24 * 3600 * 1000;
const COMPACT_ABOVE = 10_000;

/** A metric: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html */
export interface MetricIdentity {
  namespace: string;
  name: string;
  dimensions: Record<string, string>;
}

export interface Metric extends MetricIdentity {
  minutes: Map<number, Minute>;
}

/** Values of one metric and minute since they were last written. */
interface Entry {
  metric: MetricIdentity;
  start: number;
  sum: number;
  count: number;
  minimum: number;
  maximum: number;
  values: [number, number][];
}

/** Metrics at a minute's resolution, kept over restarts. */
export class MetricStore {
  #metrics = new Map<string, Metric>();
  #unwritten = new Map<string, { metric: MetricIdentity; minute: Minute }>();
  #log: AppendLog<Entry> | undefined;
  #cancelFlush: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();

  private constructor(private readonly parts: EngineParts) {}

  static async open(parts: EngineParts): Promise<MetricStore> {
    const store = new MetricStore(parts);
    const oldest = parts.clock.now() - RETENTION_MS;
    const file = path.join(parts.dataDirectory, "cloudwatch", "metrics.log");
    store.#log = await AppendLog.open<Entry>(file, (entry) => {
      if (entry.start >= oldest) store.#merge(entry.metric, { ...entry, values: new Map(entry.values) });
    });
    return store;
  }

  /** Adds values to the minute that `timestamp` (milliseconds since the epoch) lies in. */
  add(metric: MetricIdentity, timestamp: number, values: Omit<Minute, "start">): void {
    const start = Math.floor(timestamp / MINUTE_MS) * MINUTE_MS;
    this.#merge(metric, { ...values, start });
    const key = `${start} ${metricKey(metric)}`;
    const unwritten = this.#unwritten.get(key) ?? { metric, minute: emptyMinute(start) };
    merge(unwritten.minute, values);
    this.#unwritten.set(key, unwritten);
    this.#cancelFlush ??= this.parts.clock.after(FLUSH_MS, () => void this.flush());
  }

  find(metric: MetricIdentity): Metric | undefined {
    return this.#metrics.get(metricKey(metric));
  }

  all(): Metric[] {
    return [...this.#metrics.values()];
  }

  /** Writes what was added since the last time; a failure is logged and tried again with the next. */
  flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    // One after the other: a compaction must know exactly what is written and what is not.
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async #write(): Promise<void> {
    const unwritten = [...this.#unwritten.values()];
    this.#unwritten.clear();
    const log = this.#log;
    if (!log || unwritten.length === 0) return;
    try {
      await log.append(...unwritten.map(({ metric, minute }) => entry(metric, minute)));
    } catch (error) {
      this.parts.log(`CloudWatch: metrics were not stored: ${(error as Error).message}`);
      for (const { metric, minute } of unwritten) {
        const key = `${minute.start} ${metricKey(metric)}`;
        const newer = this.#unwritten.get(key);
        if (newer) merge(newer.minute, minute);
        else this.#unwritten.set(key, { metric, minute });
      }
      return;
    }
    if (log.records <= COMPACT_ABOVE || log.records <= 4 * this.#liveCount()) return;
    // A failure leaves the long file, which says the same.
    await log
      .compact(() => this.#live())
      .catch((error: Error) => {
        this.parts.log(`CloudWatch: the metrics file could not be shortened: ${error.message}`);
      });
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#log?.close();
  }

  #merge(identity: MetricIdentity, values: Minute): void {
    const key = metricKey(identity);
    const metric = this.#metrics.get(key) ?? { ...identity, minutes: new Map<number, Minute>() };
    this.#metrics.set(key, metric);
    let minute = metric.minutes.get(values.start);
    if (!minute) {
      minute = emptyMinute(values.start);
      metric.minutes.set(values.start, minute);
      const oldest = this.parts.clock.now() - RETENTION_MS;
      for (const start of metric.minutes.keys()) {
        if (start >= oldest) break;
        metric.minutes.delete(start);
      }
    }
    merge(minute, values);
  }

  #liveCount(): number {
    return this.all().reduce((sum, { minutes }) => sum + minutes.size, 0);
  }

  /** What is written: everything without what `#unwritten` will still append. */
  *#live(): Generator<Entry> {
    for (const metric of this.all()) {
      for (const minute of metric.minutes.values()) {
        const pending = this.#unwritten.get(`${minute.start} ${metricKey(metric)}`)?.minute;
        const written = pending ? without(minute, pending) : minute;
        if (written.count > 0) yield entry(metric, written);
      }
    }
  }
}

export function metricKey({ namespace, name, dimensions }: MetricIdentity): string {
  const sorted = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([namespace, name, sorted]);
}

function entry(metric: MetricIdentity, minute: Minute): Entry {
  const { namespace, name, dimensions } = metric;
  return { metric: { namespace, name, dimensions }, ...minute, values: [...minute.values] };
}

/** Takes values out again; the extremes stay, since merging them twice changes nothing. */
function without(minute: Minute, taken: Minute): Minute {
  const values = new Map(minute.values);
  for (const [value, count] of taken.values) {
    const left = (values.get(value) ?? 0) - count;
    if (left > 0) values.set(value, left);
    else values.delete(value);
  }
  return { ...minute, sum: minute.sum - taken.sum, count: minute.count - taken.count, values };
}
