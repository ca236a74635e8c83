import type { MetricIdentity, MetricStore } from "./metric-store.ts";
import { addValue, emptyMinute, MINUTE_MS, type Minute } from "./minute.ts";

/** The state of one queue now. */
export interface QueueGauge {
  queueName: string;
  visible: number;
  inFlight: number;
  delayed: number;
  /** Null when the queue is empty. */
  oldestAgeSeconds: number | null;
  /** Messages sent and deleted since the engine started, where the queues count them. */
  sent?: number;
  deleted?: number;
}

const NAMESPACE = "AWS/SQS";

const GAUGES: Record<string, (gauge: QueueGauge) => number> = {
  ApproximateNumberOfMessagesVisible: ({ visible }) => visible,
  ApproximateNumberOfMessagesNotVisible: ({ inFlight }) => inFlight,
  ApproximateNumberOfMessagesDelayed: ({ delayed }) => delayed,
  ApproximateAgeOfOldestMessage: ({ oldestAgeSeconds }) => oldestAgeSeconds ?? 0,
};

/**
 * The metrics of queues: the present is read at query time, the past is what was sampled each minute.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
export class QueueMetrics {
  #counted = new Map<string, { sent: number; deleted: number }>();
  /** Queues that were not empty at the last sample: their return to nothing is a sample, too. */
  #busy = new Set<string>();

  constructor(
    private readonly store: MetricStore,
    private readonly gauges: () => QueueGauge[],
  ) {}

  /** Notes the state of the queues in the minute of `now`. Queues that stay empty cost nothing. */
  sample(now: number): void {
    for (const gauge of this.gauges()) {
      this.#count(gauge, now);
      const busy = gauge.visible + gauge.inFlight + gauge.delayed > 0;
      if (busy || this.#busy.has(gauge.queueName)) {
        for (const [name, read] of Object.entries(GAUGES)) {
          this.store.add(identity(gauge.queueName, name), now, single(read(gauge), now));
        }
      }
      if (busy) this.#busy.add(gauge.queueName);
      else this.#busy.delete(gauge.queueName);
    }
  }

  /** What has been sent and deleted since the last time goes to the present minute. */
  countNow(now: number): void {
    for (const gauge of this.gauges()) this.#count(gauge, now);
  }

  /** The present minute of a gauge, from the queue itself; undefined for other metrics. */
  current({ namespace, name, dimensions }: MetricIdentity, now: number): Minute | undefined {
    const read = namespace === NAMESPACE && Object.hasOwn(GAUGES, name) ? GAUGES[name] : undefined;
    const gauge = read && this.gauges().find(({ queueName }) => queueName === dimensions.QueueName);
    return gauge && single(read(gauge), now);
  }

  /** Every gauge there is. */
  identities(): MetricIdentity[] {
    return this.gauges().flatMap(({ queueName }) =>
      Object.keys(GAUGES).map((name) => identity(queueName, name)),
    );
  }

  #count({ queueName, sent, deleted }: QueueGauge, now: number): void {
    if (sent === undefined || deleted === undefined) return;
    const before = this.#counted.get(queueName) ?? { sent: 0, deleted: 0 };
    this.#counted.set(queueName, { sent, deleted });
    const add = (name: string, value: number) => {
      if (value > 0) this.store.add(identity(queueName, name), now, single(value, now));
    };
    // A queue that was deleted and created anew counts from zero.
    add("NumberOfMessagesSent", sent >= before.sent ? sent - before.sent : sent);
    add("NumberOfMessagesDeleted", deleted >= before.deleted ? deleted - before.deleted : deleted);
  }
}

function identity(queueName: string, name: string): MetricIdentity {
  return { namespace: NAMESPACE, name, dimensions: { QueueName: queueName } };
}

function single(value: number, now: number): Minute {
  const minute = emptyMinute(Math.floor(now / MINUTE_MS) * MINUTE_MS);
  addValue(minute, value);
  return minute;
}
