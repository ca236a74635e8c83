import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { systemClock } from "../../local/clock.ts";
import { openServer } from "../../local/http/server.ts";
import { createS3 } from "../../local/s3/service.ts";
import { AwsError, type EngineParts, LOCAL_ACCOUNT } from "../../local/service.ts";
import { createSns, type SnsService } from "../../local/sns/service.ts";
import { createSqs, type SqsService } from "../../local/sqs/service.ts";
import type { AddressBook, DeployedPipeline } from "../../topology/deployment.ts";
import { EnvironmentReader, type ReadRequest } from "./environment-reader.ts";
import { OverlayS3 } from "./overlay.ts";

/** A place to write to that is not the environment: S3, SQS and SNS on a loopback port, in a temporary directory. */
export interface Scratch {
  endpoint: string;
  /** Holds bundles and data; removed by `close`. */
  directory: string;
  sqs: SqsService;
  /**
   * Addresses under which a function of the pipeline writes here: the environment's bucket names, queues and topics of
   * this place. Those of different `lane`s have nothing in common but the buckets.
   */
  addresses(deployed: DeployedPipeline, lane: string): Promise<AddressBook>;
  close(): Promise<void>;
}

export interface ScratchParts {
  /** Client of the environment, with its credentials. */
  s3: S3Client;
  pipelines: readonly DeployedPipeline[];
  onRead?: (request: ReadRequest) => void;
  log(line: string): void;
}

export async function openScratch({ s3, pipelines, onRead, log }: ScratchParts): Promise<Scratch> {
  const directory = await mkdtemp(path.join(tmpdir(), "edp-trial-"));
  const dataDirectory = path.join(directory, "data");
  await mkdir(dataDirectory, { mode: 0o700 });
  let endpoint = "";
  const parts: EngineParts = {
    clock: systemClock,
    dataDirectory,
    endpoint: () => endpoint,
    wiring: {
      putEvent: async () => {},
      deliver: (arn) =>
        Promise.reject(new AwsError("InvalidParameter", `a trial delivers nothing to ${arn}`)),
    },
    log,
  };
  const [scratchS3, sqs, sns] = await Promise.all([createS3(parts), createSqs(parts), createSns(parts)]);
  const buckets = new Set<string>();
  for (const { topology, addresses } of pipelines) {
    for (const [key, { name }] of Object.entries(addresses.buckets)) {
      buckets.add(name);
      // Its events would start nothing here.
      await scratchS3.createBucket(name, {
        versioned: topology.buckets[key]?.versioned ?? true,
        eventBridge: false,
      });
    }
  }
  const overlay = new OverlayS3(scratchS3, new EnvironmentReader(s3, onRead), buckets);
  const server = await openServer({ port: 0, services: { s3: overlay, sqs, sns }, log });
  endpoint = `http://127.0.0.1:${server.port}`;
  return {
    endpoint,
    directory,
    sqs,
    addresses: (deployed, lane) => scratchAddresses(deployed, lane, { endpoint, sqs, sns }),
    close: async () => {
      await server.close();
      for (const service of [sns, overlay, sqs]) await service.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function scratchAddresses(
  { topology, addresses }: DeployedPipeline,
  lane: string,
  { endpoint, sqs, sns }: { endpoint: string; sqs: SqsService; sns: SnsService },
): Promise<AddressBook> {
  const prefix = `${lane}-${topology.name}`;
  const queue = async (name: string, fifo: boolean): Promise<string> => {
    const full = `${prefix}-${name}${fifo ? ".fifo" : ""}`;
    await sqs.createQueue(full, fifo ? { FifoQueue: "true", ContentBasedDeduplication: "true" } : {});
    return `${endpoint}/${LOCAL_ACCOUNT}/${full}`;
  };
  const queues: AddressBook["queues"] = {};
  for (const [key, { fifo }] of Object.entries(topology.queues)) {
    queues[key] = { url: await queue(key, fifo), dlqUrl: await queue(`${key}-dlq`, fifo) };
  }
  const topics: AddressBook["topics"] = {};
  for (const key of Object.keys(topology.topics)) topics[key] = await sns.createTopic(`${prefix}-${key}`);
  return { ...addresses, queues, topics, undelivered: { url: await queue("undelivered", false) } };
}
