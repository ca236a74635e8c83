import type { Clock } from "../clock.ts";
import type { MetricsSink } from "../lambda/sinks.ts";

/** Metrics of one delivery stream: https://docs.aws.amazon.com/firehose/latest/dev/cloudwatch-metrics.html */
export class DeliveryMetrics {
  constructor(
    private readonly sink: MetricsSink,
    private readonly clock: Clock,
    private readonly deliveryStream: string,
  ) {}

  stored({ records, bytes }: { records: number; bytes: number }): void {
    this.#note("DeliveryToS3.Records", records);
    this.#note("DeliveryToS3.Bytes", bytes);
    this.#note("DeliveryToS3.Success", 1);
  }

  failed(): void {
    this.#note("DeliveryToS3.Success", 0);
  }

  /** The age of the oldest record that is not in S3, or just came there; arrival in milliseconds since the epoch. */
  fresh(oldest: number): void {
    this.#note("DeliveryToS3.DataFreshness", Math.max(0, this.clock.now() - oldest) / 1000);
  }

  incoming(records: number, bytes: number): void {
    this.#note("IncomingRecords", records);
    this.#note("IncomingBytes", bytes);
  }

  #note(metric: string, value: number): void {
    const dimensions = { DeliveryStreamName: this.deliveryStream };
    this.sink.record("AWS/Firehose", metric, dimensions, value, this.clock.now());
  }
}
