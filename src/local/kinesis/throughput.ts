/** What may be written to one shard each second. */
export interface Throughput {
  records: number;
  bytes: number;
}

/** https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
export const PROVISIONED: Throughput = { records: 1_000, bytes: 1024 * 1024 };
/**
 * An on-demand stream grows with its load, up to 200 MB a second, where that doubles slowly enough. Locally it is
 * taken to have grown already: ten times what a provisioned shard takes.
 */
export const ON_DEMAND: Throughput = { records: 10_000, bytes: 10 * 1024 * 1024 };

/** The write limit of a shard: what one second allows may be used at once, and fills up again evenly. */
export class WriteLimit {
  #left: Throughput | undefined;
  #at = 0;

  /** Takes one record of this size at this time (milliseconds since the epoch); false when that is too much. */
  take(bytes: number, now: number, limit: Throughput): boolean {
    const seconds = Math.max(0, now - this.#at) / 1000;
    const before = this.#left ?? limit;
    const left = {
      records: Math.min(limit.records, before.records + seconds * limit.records),
      bytes: Math.min(limit.bytes, before.bytes + seconds * limit.bytes),
    };
    this.#at = now;
    this.#left = left;
    if (left.records < 1 || left.bytes < bytes) return false;
    this.#left = { records: left.records - 1, bytes: left.bytes - bytes };
    return true;
  }
}
