import type { Clock } from "../clock.ts";
import type { MetricsSink } from "../lambda/sinks.ts";

/** Metrics of streams: https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html */
export class KinesisMetrics {
  constructor(
    private readonly sink: MetricsSink,
    private readonly clock: Clock,
  ) {}

  /** Notes one PutRecord or PutRecords. */
  written(
    stream: string,
    accepted: readonly { data: Buffer; partitionKey: string }[],
    throttled: number,
  ): void {
    if (accepted.length > 0) {
      const bytes = accepted.reduce(
        (sum, { data, partitionKey }) => sum + data.length + Buffer.byteLength(partitionKey),
        0,
      );
      this.#note(stream, "IncomingRecords", accepted.length);
      this.#note(stream, "IncomingBytes", bytes);
    }
    if (throttled > 0) this.#note(stream, "WriteProvisionedThroughputExceeded", throttled);
  }

  /** Notes one read; the age is that of the last record read, 0 when there was nothing to read. */
  read(stream: string, records: readonly { arrivedAt: number }[]): void {
    const last = records.at(-1);
    const age = last ? Math.max(0, this.clock.now() - last.arrivedAt) : 0;
    this.#note(stream, "GetRecords.IteratorAgeMilliseconds", age);
    if (records.length > 0) this.#note(stream, "GetRecords.Records", records.length);
  }

  #note(stream: string, metric: string, value: number): void {
    this.sink.record("AWS/Kinesis", metric, { StreamName: stream }, value, this.clock.now());
  }
}
