import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { AwsError, type EngineParts, LOCAL_ACCOUNT } from "../service.ts";
import { DurableMap } from "../storage/durable-map.ts";
import { invalid, invalidArgument, streamNotFound } from "./errors.ts";
import { evenRanges } from "./hash-key.ts";
import { MIN_RETENTION_HOURS, ON_DEMAND_SHARDS, SHARD_LIMIT } from "./limits.ts";
import { Stream, type StreamSettings } from "./stream.ts";

const NAME = /^[a-zA-Z0-9_.-]{1,128}$/;
const RECORDS_FILE = "streams.log";
/** How often records that retention has taken are deleted, in milliseconds. */
const TRIM_MS = 60_000;

/** All streams of the engine. */
export class Streams {
  readonly #byName = new Map<string, Stream>();
  /** Names being created: a second creation is refused. */
  readonly #creating = new Set<string>();
  readonly #listeners = new Set<(streamName: string) => void>();
  #cancelTrim = () => {};

  private constructor(
    readonly directory: string,
    readonly parts: EngineParts,
    private readonly settings: DurableMap<StreamSettings>,
  ) {}

  /** Opens the streams that lie in the data directory. */
  static async open(parts: EngineParts): Promise<Streams> {
    const directory = path.join(parts.dataDirectory, "kinesis");
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const settings = await DurableMap.open<StreamSettings>(path.join(directory, RECORDS_FILE));
    const streams = new Streams(directory, parts, settings);
    const ids = new Set(settings.values().map(({ id }) => id));
    for (const name of await readdir(directory)) {
      // Left by a creation or a deletion that was cut short.
      if (name !== RECORDS_FILE && !ids.has(name)) await rm(path.join(directory, name), { recursive: true });
    }
    for (const one of settings.values()) {
      streams.#byName.set(one.name, await Stream.open(directory, one, parts.clock));
    }
    streams.#trimEveryMinute();
    return streams;
  }

  /** By name. */
  all(): Stream[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): Stream | undefined {
    return this.#byName.get(name);
  }

  /** @throws AwsError ResourceNotFoundException */
  named(name: string): Stream {
    const stream = this.#byName.get(name);
    if (!stream) throw streamNotFound(name);
    return stream;
  }

  /**
   * Creates a stream.
   * @param shards of a provisioned stream; null makes it on-demand
   * @throws AwsError ResourceInUseException, LimitExceededException, InvalidArgumentException, ValidationException
   */
  async create(name: string, shards: number | null, tags: Record<string, string> = {}): Promise<Stream> {
    if (!NAME.test(name)) {
      throw invalid(
        "streamName",
        name,
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+, with 1 to 128 characters",
      );
    }
    if (this.#byName.has(name) || this.#creating.has(name)) {
      throw new AwsError(
        "ResourceInUseException",
        `Stream ${name} under account ${LOCAL_ACCOUNT} already exists.`,
      );
    }
    const count = shards ?? ON_DEMAND_SHARDS;
    if (count < 1) throw invalidArgument("ShardCount must be at least 1");
    const open = this.all().reduce((sum, stream) => sum + stream.shards.length, 0);
    if (shards !== null && open + count > SHARD_LIMIT) {
      throw new AwsError(
        "LimitExceededException",
        `This request would exceed the shard limit for the account ${LOCAL_ACCOUNT} in us-east-1. Current shard count for the account: ${open}. Limit: ${SHARD_LIMIT}. Number of additional shards that would have resulted from this request: ${count}.`,
      );
    }
    this.#creating.add(name);
    try {
      const settings: StreamSettings = {
        name,
        id: randomUUID(),
        createdAt: this.parts.clock.now(),
        mode: shards === null ? "ON_DEMAND" : "PROVISIONED",
        retentionHours: MIN_RETENTION_HOURS,
        tags,
        shards: evenRanges(count),
      };
      const stream = await Stream.open(this.directory, settings, this.parts.clock);
      await this.settings.set(name, settings);
      this.#byName.set(name, stream);
      return stream;
    } finally {
      this.#creating.delete(name);
    }
  }

  /** Changes settings of a stream, durably. */
  async update(
    stream: Stream,
    change: Partial<Pick<StreamSettings, "mode" | "retentionHours" | "tags">>,
  ): Promise<void> {
    const settings = { ...stream.settings, ...change };
    await this.settings.set(stream.name, settings);
    stream.settings = settings;
  }

  /** Deletes a stream with its records. */
  async delete(stream: Stream): Promise<void> {
    this.#byName.delete(stream.name);
    await this.settings.delete(stream.name);
    await stream.close();
    await rm(stream.directory, { recursive: true, force: true });
  }

  /** Calls the listener with a stream's name after records were written to it. Returns what ends that. */
  onRecords(listener: (streamName: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  written(stream: Stream): void {
    for (const listener of this.#listeners) listener(stream.name);
  }

  async close(): Promise<void> {
    this.#cancelTrim();
    await Promise.all(this.all().map((stream) => stream.close()));
    await this.settings.close();
  }

  /** Nobody may read a stream that is written to. */
  #trimEveryMinute(): void {
    this.#cancelTrim = this.parts.clock.after(TRIM_MS, () => {
      for (const stream of this.all()) {
        stream.trim().catch((error: Error) => {
          this.parts.log(`kinesis: old records of ${stream.name} stay: ${error.message}`);
        });
      }
      this.#trimEveryMinute();
    });
  }
}
