import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { queueDepth } from "../../src/aws/queues.ts";
import type { Context } from "../../src/context.ts";
import { systemPause } from "../../src/ingest/pause.ts";
import type { Deployment } from "../../src/topology/deployment.ts";
import { testContext } from "./context.ts";
import { shippedPipelines, startTestEngine } from "./engine.ts";
import { clientSettings, temporaryDirectory } from "./services.ts";
import { type RecordedTerminal, recordTerminal } from "./terminal.ts";

const POLL_MS = 100;

/** The spotify pipeline on an engine in this process, with its real functions and real SDK clients. */
export interface Deployed {
  deployment: Deployment;
  clients: { s3: S3Client; sqs: SQSClient; logs: CloudWatchLogsClient };
  bronze: string;
  staging: string;
  queueUrl: string;
  dlqUrl: string;
  context(overrides?: Partial<Context>): Context & { terminal: RecordedTerminal };
  /** Puts an object into bronze. Returns its version id. */
  land(key: string, body: string): Promise<string>;
  /** Resolves when the dead-letter queue holds so many messages. */
  deadLetters(count: number): Promise<void>;
  /** Resolves when `done` gives true. */
  until(done: () => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

export async function startDeployed(): Promise<Deployed> {
  const directory = await temporaryDirectory();
  const engine = await startTestEngine(`${directory.path}/data`);
  const request = await shippedPipelines(`${directory.path}/build`);
  const pipelines = request.pipelines.filter(({ name }) => name === "spotify");
  const deployment = await engine.deploy({ ...request, pipelines });
  const addresses = deployment.pipelines.spotify?.addresses;
  const { landed } = addresses?.queues ?? {};
  const settings = clientSettings(deployment.endpoint ?? "");
  const clients = {
    s3: new S3Client(settings),
    sqs: new SQSClient(settings),
    logs: new CloudWatchLogsClient(settings),
  };
  const bronze = addresses?.buckets.bronze?.name ?? "";
  const until = async (done: () => Promise<boolean>) => {
    while (!(await done())) await systemPause(POLL_MS);
  };
  return {
    deployment,
    clients,
    bronze,
    staging: addresses?.buckets.staging?.name ?? "",
    queueUrl: landed?.url ?? "",
    dlqUrl: landed?.dlqUrl ?? "",
    until,
    context: (overrides = {}) =>
      testContext(directory.path, { now: Date.now, ...overrides, terminal: recordTerminal() }),
    land: async (Key, Body) =>
      (await clients.s3.send(new PutObjectCommand({ Bucket: bronze, Key, Body }))).VersionId ?? "",
    deadLetters: (count) =>
      until(async () => (await queueDepth(clients.sqs, landed?.dlqUrl ?? ""))?.visible === count),
    close: async () => {
      for (const client of Object.values(clients)) client.destroy();
      await engine.close();
      await directory.remove();
    },
  };
}
