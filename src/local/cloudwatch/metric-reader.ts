import type { Clock } from "../clock.ts";
import type { MetricIdentity, MetricStore } from "./metric-store.ts";
import { emptyMinute, MINUTE_MS, type Minute, merge } from "./minute.ts";
import type { QueueMetrics } from "./queue-gauges.ts";

/** Reads metrics by period, the present of queues included. */
export class MetricReader {
  constructor(
    private readonly store: MetricStore,
    private readonly queues: QueueMetrics,
    private readonly clock: Clock,
  ) {}

  /** One entry for each period of the range that has values, oldest first; `start` is the period's. */
  periods(metric: MetricIdentity, range: { from: number; to: number }, periodMs: number): Minute[] {
    const now = this.clock.now();
    this.queues.countNow(now);
    const minutes = new Map(this.store.find(metric)?.minutes);
    const current = this.queues.current(metric, now);
    if (current) minutes.set(current.start, current);
    const first = Math.floor(range.from / MINUTE_MS) * MINUTE_MS;
    const periods = new Map<number, Minute>();
    for (const minute of minutes.values()) {
      if (minute.start < first || minute.start >= range.to) continue;
      const start = Math.floor(minute.start / periodMs) * periodMs;
      const into = periods.get(start) ?? emptyMinute(start);
      merge(into, minute);
      periods.set(start, into);
    }
    return [...periods.values()].sort((a, b) => a.start - b.start);
  }

  /** Every metric, stored or of a queue. */
  identities(): MetricIdentity[] {
    const known = this.store.all();
    const gauges = this.queues.identities().filter((gauge) => !this.store.find(gauge));
    return [...known, ...gauges];
  }
}
