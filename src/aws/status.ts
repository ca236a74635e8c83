import type { Context } from "../context.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";
import { type LatestRun, latestRuns } from "../waiting/latest-runs.ts";
import { type WaitingFiles, waitingFiles } from "../waiting/waiting.ts";
import { type Clients, createClients } from "./clients.ts";
import { type DataStatus, dataStatus } from "./data-status.ts";
import { mapValues } from "./map-values.ts";
import { countObjects } from "./objects.ts";
import { metricsNote, type PipelineMetrics, readPipelineMetrics } from "./pipeline-metrics.ts";
import { queueDepth, queueName } from "./queues.ts";

export interface DeadLetterStatus {
  name: string;
  url: string;
  visible: number | null;
  inFlight: number | null;
  oldestAgeSeconds: number | null;
}

export interface QueueStatus {
  name: string;
  url: string;
  dlqUrl: string;
  visible: number | null;
  inFlight: number | null;
  delayed: number | null;
  oldestAgeSeconds: number | null;
  dlq: DeadLetterStatus;
}

export interface PipelineStatus extends DataStatus {
  buckets: Record<string, { name: string; objects: number | null; bytes: number | null }>;
  topics: Record<string, { arn: string }>;
  queues: Record<string, QueueStatus>;
  functions: Record<
    string,
    {
      name: string;
      logGroup: string;
      invocations: number | null;
      errors: number | null;
      throttles: number | null;
    }
  >;
  undelivered: DeadLetterStatus;
  /** Files that wait for others; absent where a pipeline's functions never wait, and while watching. */
  waiting?: WaitingFiles[];
  /** The latest runs, newest first; absent where a pipeline doesn't work in runs, and while watching. */
  runs?: LatestRun[];
}

export interface EnvironmentStatus {
  env: string;
  endpoint: string | null;
  region: string;
  accountId: string;
  pipelines: Record<string, PipelineStatus>;
  /** When the metrics were read; on AWS they lag by some minutes. Null where CloudWatch refused. */
  metricsAsOf: string | null;
  /** Why something is unknown. */
  notes: string[];
}

/**
 * Reads the state of the named pipelines (all when none is named): queue depths from SQS, streams and tables from
 * their services, ages, invocations and errors of the last 24 hours from CloudWatch, objects by listing. What is unknown is null, never 0.
 */
export async function collectStatus(
  deployment: Deployment,
  context: Context,
  names: readonly string[] = [],
): Promise<EnvironmentStatus> {
  const clients = createClients(deployment, context);
  try {
    const end = new Date(context.now());
    const entries = await Promise.all(
      selected(deployment, names).map(async ([name, pipeline]) => {
        const metrics = await readPipelineMetrics(clients, pipeline, end);
        const status = await pipelineStatus(clients, pipeline, metrics, true);
        return { name, status, metrics };
      }),
    );
    return {
      ...placeOf(deployment),
      pipelines: Object.fromEntries(entries.map(({ name, status }) => [name, status])),
      ...metricsNote(
        entries.map(({ metrics }) => metrics),
        end,
      ),
    };
  } finally {
    clients.close();
  }
}

/** The named pipelines of a deployment, all when none is named. */
export function selected(deployment: Deployment, names: readonly string[]): [string, DeployedPipeline][] {
  return Object.entries(deployment.pipelines).filter(([name]) => names.length === 0 || names.includes(name));
}

/** Where an environment is. */
export function placeOf({ env, endpoint, region, accountId }: Deployment) {
  return { env, endpoint, region, accountId };
}

/**
 * Reads the state of one pipeline.
 * @param withObjects whether buckets are counted, which lists them; their counts are null otherwise
 */
export async function pipelineStatus(
  clients: Clients,
  pipeline: DeployedPipeline,
  metrics: PipelineMetrics,
  withObjects: boolean,
): Promise<PipelineStatus> {
  const { addresses } = pipeline;
  const age = (queue: string) => metrics.value(queue, "ApproximateAgeOfOldestMessage");
  const buckets = await mapValues(addresses.buckets, async ({ name }) => ({
    name,
    ...(withObjects ? await objectCount(clients, name) : { objects: null, bytes: null }),
  }));
  const deadLetters = async (url: string): Promise<DeadLetterStatus> => {
    const depth = await queueDepth(await clients.sqs(), url);
    const name = queueName(url);
    return {
      name,
      url,
      visible: depth?.visible ?? null,
      inFlight: depth?.inFlight ?? null,
      oldestAgeSeconds: depth?.visible === 0 && depth.inFlight === 0 ? null : age(name),
    };
  };
  const queues = await mapValues(addresses.queues, async ({ url, dlqUrl }): Promise<QueueStatus> => {
    const [depth, dlq] = await Promise.all([queueDepth(await clients.sqs(), url), deadLetters(dlqUrl)]);
    const name = queueName(url);
    return {
      name,
      url,
      dlqUrl,
      visible: depth?.visible ?? null,
      inFlight: depth?.inFlight ?? null,
      delayed: depth?.delayed ?? null,
      oldestAgeSeconds: depth?.visible === 0 && depth.inFlight === 0 ? null : age(name),
      dlq,
    };
  });
  return {
    buckets,
    topics: addresses.topics,
    queues,
    ...(await dataStatus(clients, addresses, metrics)),
    functions: Object.fromEntries(
      Object.entries(addresses.functions).map(([key, { name, logGroup }]) => [
        key,
        {
          name,
          logGroup,
          invocations: metrics.value(name, "Invocations"),
          errors: metrics.value(name, "Errors"),
          throttles: metrics.value(name, "Throttles"),
        },
      ]),
    ),
    undelivered: await deadLetters(addresses.undelivered.url),
    ...(withObjects
      ? { waiting: await waitingFiles(clients, pipeline), runs: await latestRuns(clients, pipeline) }
      : {}),
  };
}

async function objectCount(
  clients: Clients,
  bucket: string,
): Promise<{ objects: number | null; bytes: number | null }> {
  return (await countObjects(await clients.s3(), bucket)) ?? { objects: null, bytes: null };
}
