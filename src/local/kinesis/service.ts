import { failJson, handleJson, type JsonProtocol, type Operations } from "../http/json-protocol.ts";
import type { MetricsSink } from "../lambda/sinks.ts";
import { AwsError, type EngineParts, type Service } from "../service.ts";
import type { LoggedRecord, ReadLimits } from "../storage/record-log.ts";
import { getActions } from "./actions/get-records.ts";
import { putActions } from "./actions/put-records.ts";
import { retentionActions } from "./actions/retention.ts";
import { shardActions } from "./actions/shards.ts";
import { streamActions } from "./actions/streams.ts";
import { tagActions } from "./actions/tags.ts";
import { KinesisMetrics } from "./metrics.ts";
import { Streams } from "./streams.ts";

/** One shard for a reader in the engine. */
export interface ReadableShard {
  id: string;
  /** A reader that stands here has seen everything. */
  next: number;
  /** The oldest record that is left. */
  oldest(): Promise<number>;
  /** About how many bytes there are from this ordinal on; 0 when there is no record. */
  bytesFrom(ordinal: number): Promise<number>;
  /** Records from this ordinal on, oldest first; those that retention has taken are passed over. */
  read(from: number, limits: ReadLimits): Promise<LoggedRecord[]>;
}

/** A stream for a reader in the engine. */
export interface ReadableStream {
  /** Tells it from an earlier stream of its name. */
  id: string;
  shards: readonly ReadableShard[];
}

/** Kinesis Data Streams of the local engine: the API, and what the engine's other parts use in process. */
export interface KinesisService extends Service {
  /**
   * Creates a stream, or gives the one of this name the retention.
   * @param settings shards: null for an on-demand stream
   * @throws AwsError InvalidArgumentException when the stream is there with another number of shards
   */
  createStream(
    name: string,
    settings: { shards: number | null; retentionHours: number },
  ): Promise<{ arn: string }>;
  /** Deletes a stream and its records; none of this name is no error. */
  removeStream(name: string): Promise<void>;
  streamNames(): string[];
  /** About how many records a stream holds; 0 where there is none of this name. */
  recordCount(name: string): number;
  /** The stream for reading; undefined where there is none. */
  reader(name: string): ReadableStream | undefined;
  /** Calls the listener with a stream's name after records were written to it. Returns what ends that. */
  onRecords(listener: (streamName: string) => void): () => void;
}

const PROTOCOL: JsonProtocol = { version: "1.1", target: "Kinesis_20131202" };
const CBOR = "application/x-amz-cbor-1.1";

/** Opens the streams of the data directory and serves them by AWS JSON 1.1. */
export async function createKinesis(
  parts: EngineParts,
  { metrics: sink }: { metrics: MetricsSink },
): Promise<KinesisService> {
  const streams = await Streams.open(parts);
  const metrics = new KinesisMetrics(sink, parts.clock);
  const operations: Operations = {
    ...streamActions(streams),
    ...shardActions(streams),
    ...putActions(streams, metrics),
    ...getActions(streams, metrics),
    ...retentionActions(streams),
    ...tagActions(streams),
  };
  return {
    handle: (request) => {
      if (request.headers["content-type"] === CBOR) {
        throw new AwsError(
          "SerializationException",
          "edp's local engine speaks JSON only, not CBOR: set AWS_CBOR_DISABLE=true (Java SDK 1), aws.cborEnabled=false (Java SDK 2) or use a newer SDK",
          415,
        );
      }
      return handleJson(PROTOCOL, operations, request);
    },
    fail: (error) => failJson(PROTOCOL, error),
    close: () => streams.close(),

    createStream: async (name, { shards, retentionHours }) => {
      const existing = streams.find(name);
      if (existing && shards !== null && existing.shards.length !== shards) {
        throw new AwsError(
          "InvalidArgumentException",
          `The stream ${name} has ${existing.shards.length} shards; the local engine can't make that ${shards}. Destroy the pipeline and deploy it anew.`,
        );
      }
      const stream = existing ?? (await streams.create(name, shards));
      const mode = shards === null ? "ON_DEMAND" : "PROVISIONED";
      const { settings } = stream;
      if (settings.retentionHours !== retentionHours || settings.mode !== mode) {
        await streams.update(stream, { retentionHours, mode });
      }
      return { arn: stream.arn };
    },
    removeStream: async (name) => {
      const stream = streams.find(name);
      if (stream) await streams.delete(stream);
    },
    streamNames: () => streams.all().map(({ name }) => name),
    recordCount: (name) =>
      (streams.find(name)?.shards ?? []).reduce((sum, { log }) => sum + log.next - log.first, 0),
    reader: (name) => {
      const stream = streams.find(name);
      return (
        stream && {
          id: stream.settings.id,
          shards: stream.shards.map((shard) => ({
            id: shard.id,
            get next() {
              return shard.log.next;
            },
            oldest: () => stream.oldest(shard),
            bytesFrom: (ordinal) => shard.log.bytesFrom(ordinal),
            read: async (from, limits) => {
              const records = await stream.read(shard, from, limits);
              metrics.read(stream.name, records);
              return records;
            },
          })),
        }
      );
    },
    onRecords: (listener) => streams.onRecords(listener),
  };
}
