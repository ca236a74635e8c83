import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { KinesisService, ReadableStream } from "../kinesis/service.ts";
import type { MetricsSink } from "../lambda/sinks.ts";
import type { S3Service } from "../s3/service.ts";
import { AwsError, type EngineParts, LOCAL_ACCOUNT } from "../service.ts";
import { DurableMap } from "../storage/durable-map.ts";
import { RecordLog } from "../storage/record-log.ts";
import { Delivery, type DeliverySettings } from "./delivery.ts";
import type { S3Destination } from "./destination.ts";
import { deliveryNotFound, invalidArgument } from "./errors.ts";
import { atEndOf, type Progress } from "./progress.ts";

const NAME = /^[a-zA-Z0-9_.-]{1,64}$/;
const SETTINGS_FILE = "delivery-streams.log";
const PROGRESS_FILE = "progress.log";
/** What a stopped engine left to do begins this long after the start: the receivers of events are up by then. */
const START_DELAY_MS = 100;

export interface FirehoseParts {
  kinesis: Pick<KinesisService, "reader" | "onRecords">;
  s3: Pick<S3Service, "putIfAbsent" | "bucketNames">;
  metrics: MetricsSink;
}

/** A delivery stream at work. */
export interface DeliveryStream {
  delivery: Delivery;
  /** Holds the records that were put to it; undefined where it reads a Kinesis stream. */
  direct: RecordLog | undefined;
}

/** All delivery streams of the engine. */
export class DeliveryStreams {
  readonly #byName = new Map<string, DeliveryStream>();
  /** Names being created: a second creation is refused. */
  readonly #creating = new Set<string>();
  #stopListening = () => {};

  private constructor(
    readonly directory: string,
    readonly engine: EngineParts,
    private readonly parts: FirehoseParts,
    private readonly settings: DurableMap<DeliverySettings>,
    private readonly progress: DurableMap<Progress>,
  ) {}

  /** Opens the delivery streams of the data directory, and goes on with what they had to do. */
  static async open(engine: EngineParts, parts: FirehoseParts): Promise<DeliveryStreams> {
    const directory = path.join(engine.dataDirectory, "firehose");
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const settings = await DurableMap.open<DeliverySettings>(path.join(directory, SETTINGS_FILE));
    const progress = await DurableMap.open<Progress>(path.join(directory, PROGRESS_FILE));
    const streams = new DeliveryStreams(directory, engine, parts, settings, progress);
    const known = new Set([SETTINGS_FILE, PROGRESS_FILE, ...settings.values().map(({ id }) => id)]);
    for (const name of await readdir(directory)) {
      if (!known.has(name)) await rm(path.join(directory, name), { recursive: true });
    }
    for (const one of settings.values()) await streams.#start(one);
    streams.#stopListening = parts.kinesis.onRecords((stream) => {
      for (const { delivery } of streams.all()) if (delivery.settings.stream === stream) delivery.wake();
    });
    engine.clock.after(START_DELAY_MS, () => {
      for (const { delivery } of streams.all()) delivery.wake();
    });
    return streams;
  }

  /** By name. */
  all(): DeliveryStream[] {
    const name = ({ delivery }: DeliveryStream) => delivery.settings.name;
    return [...this.#byName.values()].sort((a, b) => (name(a) < name(b) ? -1 : 1));
  }

  find(name: string): DeliveryStream | undefined {
    return this.#byName.get(name);
  }

  /** @throws AwsError ResourceNotFoundException */
  named(name: string): DeliveryStream {
    const stream = this.#byName.get(name);
    if (!stream) throw deliveryNotFound(name);
    return stream;
  }

  /**
   * Creates a delivery stream; one from a Kinesis stream begins with what comes to that from now on.
   * @param stream name of the Kinesis stream; null for records that are put to it directly
   * @throws AwsError ResourceInUseException, InvalidArgumentException
   */
  async create(
    name: string,
    stream: string | null,
    destination: S3Destination,
    tags: Record<string, string> = {},
  ): Promise<DeliveryStream> {
    if (!NAME.test(name)) {
      throw invalidArgument(`DeliveryStreamName ${name} must match [a-zA-Z0-9_.-]+ with 1 to 64 characters`);
    }
    if (this.#byName.has(name) || this.#creating.has(name)) {
      throw new AwsError(
        "ResourceInUseException",
        `Firehose ${name} under accountId ${LOCAL_ACCOUNT} already exists`,
      );
    }
    const id = randomUUID();
    const source = stream === null ? undefined : this.parts.kinesis.reader(stream);
    if (stream !== null && !source) {
      throw invalidArgument(`Kinesis stream ${stream} under account ${LOCAL_ACCOUNT} not found.`);
    }
    this.#creating.add(name);
    try {
      if (source) await this.progress.set(id, atEndOf(source));
      const now = this.engine.clock.now();
      const settings = { name, id, createdAt: now, updatedAt: now, version: 1, stream, destination, tags };
      await this.settings.set(name, settings);
      return await this.#start(settings);
    } finally {
      this.#creating.delete(name);
    }
  }

  /** Gives a delivery stream another destination; the same one changes nothing. */
  async update({ delivery }: DeliveryStream, destination: S3Destination): Promise<void> {
    const { settings } = delivery;
    if (isDeepStrictEqual(settings.destination, destination)) {
      delivery.retryNow();
      return;
    }
    const changed = {
      ...settings,
      destination,
      version: settings.version + 1,
      updatedAt: this.engine.clock.now(),
    };
    await this.settings.set(settings.name, changed);
    await delivery.configure(changed);
  }

  async tag({ delivery }: DeliveryStream, tags: Record<string, string>): Promise<void> {
    const changed = { ...delivery.settings, tags };
    await this.settings.set(changed.name, changed);
    delivery.settings = changed;
  }

  /** Deletes it with the records that were put to it and are not in S3. */
  async delete({ delivery, direct }: DeliveryStream): Promise<void> {
    const { name, id } = delivery.settings;
    this.#byName.delete(name);
    await this.settings.delete(name);
    await delivery.close();
    await this.progress.delete(id);
    await direct?.destroy();
  }

  async close(): Promise<void> {
    this.#stopListening();
    for (const { delivery, direct } of this.all()) {
      await delivery.close();
      await direct?.close();
    }
    await this.settings.close();
    await this.progress.close();
  }

  async #start(settings: DeliverySettings): Promise<DeliveryStream> {
    const { name, id, stream } = settings;
    const direct =
      stream === null
        ? await RecordLog.open(path.join(this.directory, id), { now: () => this.engine.clock.now() })
        : undefined;
    const own = direct && readerOf(direct, id);
    const delivery = new Delivery(settings, {
      engine: this.engine,
      s3: this.parts.s3,
      metrics: this.parts.metrics,
      progress: this.progress,
      source: () => own ?? (stream === null ? undefined : this.parts.kinesis.reader(stream)),
      delivered: async (positions) => direct?.dropBefore(positions[DIRECT] ?? 0),
    });
    const started = { delivery, direct };
    this.#byName.set(name, started);
    return started;
  }
}

const DIRECT = "direct";

/** Records that were put to a delivery stream, as a stream with one shard. */
function readerOf(log: RecordLog, id: string): ReadableStream {
  return {
    id,
    shards: [
      {
        id: DIRECT,
        get next() {
          return log.next;
        },
        oldest: async () => log.first,
        bytesFrom: (ordinal) => log.bytesFrom(ordinal),
        read: (from, limits) => log.read(from, limits),
      },
    ],
  };
}
