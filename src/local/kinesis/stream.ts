import path from "node:path";
import type { Clock } from "../clock.ts";
import { AwsError, LOCAL_ACCOUNT, LOCAL_REGION } from "../service.ts";
import { type LoggedRecord, type ReadLimits, RecordLog } from "../storage/record-log.ts";
import { shardNotFound } from "./errors.ts";
import type { HashKeyRange } from "./hash-key.ts";
import { sequenceNumber } from "./sequence-number.ts";
import { ON_DEMAND, PROVISIONED, WriteLimit } from "./throughput.ts";

/** How often it is looked what retention has made of a shard's oldest records, in milliseconds. */
const TRIM_MS = 60_000;

export interface StreamSettings {
  name: string;
  /** Tells it from an earlier stream of its name; also the name of its folder. */
  id: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  mode: "ON_DEMAND" | "PROVISIONED";
  retentionHours: number;
  tags: Record<string, string>;
  shards: HashKeyRange[];
}

export interface NewRecord {
  partitionKey: string;
  hashKey: bigint;
  data: Buffer;
}

/** What became of a record: written; too much for its shard now (no error); not written for another reason. */
export type PutResult = { shardId: string; sequenceNumber: string } | { shardId: string; error?: AwsError };

/** A shard: its part of the hash keys, and its records on disk. */
export class Shard {
  readonly id: string;
  readonly #start: bigint;
  readonly #end: bigint;
  readonly #limit = new WriteLimit();
  #trimmed: { horizon: number; ordinal: number } | undefined;

  constructor(
    readonly index: number,
    readonly range: HashKeyRange,
    readonly log: RecordLog,
  ) {
    this.id = `shardId-${String(index).padStart(12, "0")}`;
    this.#start = BigInt(range.StartingHashKey);
    this.#end = BigInt(range.EndingHashKey);
  }

  holds(hashKey: bigint): boolean {
    return hashKey >= this.#start && hashKey <= this.#end;
  }

  /** Whether a record of this size may be written now. */
  admits(bytes: number, now: number, mode: StreamSettings["mode"]): boolean {
    return this.#limit.take(bytes, now, mode === "ON_DEMAND" ? ON_DEMAND : PROVISIONED);
  }

  /**
   * The ordinal that retention has left as the first one; what is older goes away.
   * @param horizon records that arrived before it (milliseconds since the epoch) are gone
   */
  async oldest(horizon: number): Promise<number> {
    const known = this.#trimmed;
    if (known && horizon >= known.horizon && horizon - known.horizon < TRIM_MS) return known.ordinal;
    const ordinal = await this.log.ordinalAt(horizon);
    this.#trimmed = { horizon, ordinal };
    await this.log.dropBefore(ordinal);
    return ordinal;
  }
}

/** One stream. */
export class Stream {
  private constructor(
    readonly directory: string,
    public settings: StreamSettings,
    readonly shards: readonly Shard[],
    private readonly clock: Clock,
  ) {}

  /** Opens the stream's records in `<root>/<id>/`. */
  static async open(root: string, settings: StreamSettings, clock: Clock): Promise<Stream> {
    const directory = path.join(root, settings.id);
    const shards = await Promise.all(
      settings.shards.map(async (range, index) => {
        const log = await RecordLog.open(path.join(directory, String(index)), { now: () => clock.now() });
        return new Shard(index, range, log);
      }),
    );
    return new Stream(directory, settings, shards, clock);
  }

  get name(): string {
    return this.settings.name;
  }

  get arn(): string {
    return `arn:aws:kinesis:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stream/${this.name}`;
  }

  /** @throws AwsError ResourceNotFoundException */
  shard(id: string): Shard {
    const shard = this.shards.find((candidate) => candidate.id === id);
    if (!shard) throw shardNotFound(id, this.name);
    return shard;
  }

  shardOf(hashKey: bigint): Shard {
    const shard = this.shards.find((candidate) => candidate.holds(hashKey));
    if (!shard) throw new Error(`no shard of ${this.name} holds the hash key ${hashKey}`);
    return shard;
  }

  /** Ordinal of the oldest record that retention has left in a shard. */
  oldest(shard: Shard): Promise<number> {
    return shard.oldest(this.clock.now() - this.settings.retentionHours * 3_600_000);
  }

  /** Deletes what retention has taken. */
  async trim(): Promise<void> {
    for (const shard of this.shards) await this.oldest(shard);
  }

  /** Records of a shard from an ordinal on; those that retention has taken are passed over. */
  async read(shard: Shard, from: number, limits: ReadLimits): Promise<LoggedRecord[]> {
    return shard.log.read(Math.max(from, await this.oldest(shard)), limits);
  }

  sequenceNumber(shard: Shard, ordinal: number, arrivedAt: number): string {
    return sequenceNumber({
      shardCreatedAt: this.settings.createdAt,
      shardIndex: shard.index,
      ordinal,
      arrivedAt,
    });
  }

  /**
   * Writes records to their shards, those of one shard in this order; resolves when they are on disk. One result for
   * each: a record that does not fit in its shard's throughput is not written, and neither are those of a shard
   * whose file can't be written.
   */
  async put(records: readonly NewRecord[]): Promise<PutResult[]> {
    const now = this.clock.now();
    const results: PutResult[] = [];
    const accepted = new Map<Shard, number[]>();
    records.forEach((record, at) => {
      const shard = this.shardOf(record.hashKey);
      results.push({ shardId: shard.id });
      const bytes = Buffer.byteLength(record.partitionKey) + record.data.length;
      if (!shard.admits(bytes, now, this.settings.mode)) return;
      const own = accepted.get(shard);
      if (own) own.push(at);
      else accepted.set(shard, [at]);
    });
    await Promise.all(
      [...accepted].map(async ([shard, places]) => {
        const inputs = places.flatMap((at) => {
          const record = records[at];
          return record ? [{ key: record.partitionKey, data: record.data }] : [];
        });
        try {
          const written = await shard.log.append(inputs);
          written.forEach(({ ordinal, arrivedAt }, index) => {
            const number = this.sequenceNumber(shard, ordinal, arrivedAt);
            results[places[index] ?? 0] = { shardId: shard.id, sequenceNumber: number };
          });
        } catch (error) {
          const failure = new AwsError(
            "InternalFailure",
            `the record was not stored: ${(error as Error).message}`,
            500,
          );
          for (const at of places) results[at] = { shardId: shard.id, error: failure };
        }
      }),
    );
    return results;
  }

  async close(): Promise<void> {
    await Promise.all(this.shards.map(({ log }) => log.close()));
  }
}
