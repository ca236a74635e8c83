import { failJson, handleJson, type JsonProtocol, type Operations } from "../http/json-protocol.ts";
import type { EngineParts, Service } from "../service.ts";
import { deliveryStreamActions } from "./actions/delivery-streams.ts";
import { putActions } from "./actions/put-records.ts";
import { DeliveryStreams, type FirehoseParts } from "./delivery-streams.ts";
import { checkDestination, parseDestination, type S3Destination } from "./destination.ts";

/** What a pipeline declares of a delivery. */
export interface DeclaredDelivery
  extends Pick<
    S3Destination,
    "bucket" | "prefix" | "errorPrefix" | "bufferMb" | "bufferSeconds" | "compression"
  > {
  /** Name of the Kinesis stream. */
  stream: string;
  /** JQ path by name; {} for no dynamic partitioning. */
  partitionKeys: Record<string, string>;
}

/** Firehose of the local engine: the API, and what the engine's other parts use in process. */
export interface FirehoseService extends Service {
  /** Creates a delivery stream, or gives the one of this name this configuration. @throws AwsError InvalidArgumentException */
  putDeliveryStream(name: string, declared: DeclaredDelivery): Promise<void>;
  /** Deletes a delivery stream; none of this name is no error. */
  removeDeliveryStream(name: string): Promise<void>;
  /** Records of a Kinesis stream that a delivery stream has not put into S3 yet; undefined when none reads it. */
  undelivered(stream: string): number | undefined;
}

const PROTOCOL: JsonProtocol = { version: "1.1", target: "Firehose_20150804" };

/** Opens the delivery streams of the data directory and serves them by AWS JSON 1.1. */
export async function createFirehose(engine: EngineParts, parts: FirehoseParts): Promise<FirehoseService> {
  const streams = await DeliveryStreams.open(engine, parts);
  const operations: Operations = { ...deliveryStreamActions(streams), ...putActions(streams) };
  return {
    handle: (request) => handleJson(PROTOCOL, operations, request),
    fail: (error) => failJson(PROTOCOL, error),
    close: () => streams.close(),

    putDeliveryStream: async (name, { stream, bucket, partitionKeys, ...declared }) => {
      const existing = streams.find(name);
      const destination: S3Destination = {
        ...parseDestination({ BucketARN: `arn:aws:s3:::${bucket}` }),
        ...declared,
        partitionKeys: Object.keys(partitionKeys).length > 0 ? partitionKeys : null,
      };
      checkDestination(destination);
      if (existing && existing.delivery.settings.stream === stream) {
        await streams.update(existing, destination);
        return;
      }
      // As on AWS, where another source makes another delivery stream.
      if (existing) await streams.delete(existing);
      await streams.create(name, stream, destination);
    },
    removeDeliveryStream: async (name) => {
      const stream = streams.find(name);
      if (stream) await streams.delete(stream);
    },
    undelivered: (stream) => {
      const readers = streams.all().filter(({ delivery }) => delivery.settings.stream === stream);
      return readers.length === 0
        ? undefined
        : Math.max(...readers.map(({ delivery }) => delivery.undelivered));
    },
  };
}
