import { FirehoseClient } from "@aws-sdk/client-firehose";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { ManualClock } from "../../src/local/clock.ts";
import { createFirehose, type FirehoseService } from "../../src/local/firehose/service.ts";
import { createKinesis, type KinesisService } from "../../src/local/kinesis/service.ts";
import { createS3, type S3Service } from "../../src/local/s3/service.ts";
import { engineParts, serve, temporaryDirectory } from "./services.ts";

/** Kinesis, Firehose and S3 as in the engine, on a clock that moves only when told to, with real SDK clients. */
export interface Streaming {
  clock: ManualClock;
  kinesis: KinesisService;
  firehose: FirehoseService;
  s3: S3Service;
  /** Kinesis' is the SDK's default, which speaks HTTP/2; `http1` is the same over HTTP/1.1. */
  clients: { kinesis: KinesisClient; http1: KinesisClient; firehose: FirehoseClient; s3: S3Client };
  endpoint: string;
  /** Values that were recorded, by `Namespace/Metric`. */
  metrics: Map<string, number[]>;
  /** Lines of the engine's log. */
  log: string[];
  /** Lets the engine hang for ever, as one that dies there, before or after it stores an object. */
  interrupt: ((key: string) => "before" | "after" | undefined) | undefined;
  /** Ends everything as `kill -9` does, and starts it again from its files. */
  crash(): Promise<void>;
  /** Stops everything in an orderly way, and starts it again from its files. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Kept from the garbage collector, which would complain about their open files. */
const abandoned: unknown[] = [];

export async function startStreaming(): Promise<Streaming> {
  const clock = new ManualClock();
  const directory = await temporaryDirectory();
  const state = { clock, log: [], metrics: new Map<string, number[]>() } as unknown as Streaming;
  const ended: { close(): Promise<void> }[] = [];
  let server: Awaited<ReturnType<typeof serve>>;
  let life = { beats: true };

  const start = async () => {
    const own = { beats: true };
    life = own;
    const parts = engineParts({
      dataDirectory: directory.path,
      endpoint: () => server.endpoint,
      log: (line) => void state.log.push(line),
      clock: { now: () => clock.now(), after: (ms, run) => clock.after(ms, () => own.beats && run()) },
    });
    const metrics = {
      record: (namespace: string, metric: string, _dimensions: object, value: number) => {
        const name = `${namespace}/${metric}`;
        state.metrics.set(name, [...(state.metrics.get(name) ?? []), value]);
      },
    };
    state.s3 = await createS3(parts);
    state.kinesis = await createKinesis(parts, { metrics });
    const { s3 } = state;
    const hang = new Promise<never>(() => {});
    const interrupted: Pick<S3Service, "putIfAbsent" | "bucketNames"> = {
      bucketNames: () => s3.bucketNames(),
      putIfAbsent: async (object, payload) => {
        const when = state.interrupt?.(object.key);
        if (when === "before") return hang;
        const stored = await s3.putIfAbsent(object, payload);
        return when === "after" ? hang : stored;
      },
    };
    state.firehose = await createFirehose(parts, { kinesis: state.kinesis, s3: interrupted, metrics });
    server = await serve({ kinesis: state.kinesis, firehose: state.firehose, s3: state.s3 });
    state.endpoint = server.endpoint;
    state.clients = {
      kinesis: new KinesisClient(server.settings),
      http1: new KinesisClient({ ...server.settings, requestHandler: new NodeHttpHandler() }),
      firehose: new FirehoseClient(server.settings),
      s3: new S3Client(server.settings),
    };
  };
  const disconnect = async () => {
    for (const client of Object.values(state.clients)) client.destroy();
    await server.close();
  };
  const stop = async () => {
    await disconnect();
    for (const service of [state.firehose, state.kinesis, state.s3]) await service.close();
  };

  await start();
  return Object.assign(state, {
    crash: async () => {
      await disconnect();
      life.beats = false;
      // Firehose is not closed: one that hangs would never end.
      abandoned.push(state.firehose);
      ended.push(state.kinesis, state.s3);
      await start();
    },
    restart: async () => {
      await stop();
      await start();
    },
    close: async () => {
      await stop();
      for (const service of ended) await service.close();
      await directory.remove();
    },
  });
}
