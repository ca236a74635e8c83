import type { Context } from "../context.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";
import { type Clients, createClients } from "./clients.ts";
import { type MetricQuery, readMetrics } from "./metrics.ts";
import { countObjects } from "./objects.ts";
import { queueDepth, queueName } from "./queues.ts";

/** How far back invocations and errors are counted, in milliseconds. */
const METRICS_RANGE_MS = 24 * 60 * 60 * 1000;

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

export interface PipelineStatus {
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

/** Metrics of one pipeline, by physical name; null where CloudWatch holds none. */
export interface PipelineMetrics {
  /** Age in seconds of a queue's oldest message. */
  age(queue: string): number | null;
  /** Sum of a function's metric over the last 24 hours. */
  sum(name: string, metric: string): number | null;
  /** Why CloudWatch gave nothing; null where it answered. */
  refusal: string | null;
}

/**
 * Reads the state of the named pipelines (all when none is named): queue depths from SQS, ages, invocations
 * and errors of the last 24 hours from CloudWatch, objects by listing. What is unknown is null, never 0.
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

/** When metrics were read, and why there are none. */
export function metricsNote(
  metrics: readonly PipelineMetrics[],
  readAt: Date,
): Pick<EnvironmentStatus, "metricsAsOf" | "notes"> {
  const refusals = [...new Set(metrics.flatMap(({ refusal }) => refusal ?? []))];
  return {
    metricsAsOf: refusals.length > 0 ? null : readAt.toISOString(),
    notes: refusals.map(
      (why) => `CloudWatch gives no metrics, so ages, invocations and errors are unknown (${why})`,
    ),
  };
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
  { addresses }: DeployedPipeline,
  { age, sum }: PipelineMetrics,
  withObjects: boolean,
): Promise<PipelineStatus> {
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
    functions: Object.fromEntries(
      Object.entries(addresses.functions).map(([key, { name, logGroup }]) => [
        key,
        {
          name,
          logGroup,
          invocations: sum(name, "Invocations"),
          errors: sum(name, "Errors"),
          throttles: sum(name, "Throttles"),
        },
      ]),
    ),
    undelivered: await deadLetters(addresses.undelivered.url),
  };
}

async function objectCount(
  clients: Clients,
  bucket: string,
): Promise<{ objects: number | null; bytes: number | null }> {
  return (await countObjects(await clients.s3(), bucket)) ?? { objects: null, bytes: null };
}

/** Reads every metric of a pipeline in as few calls as CloudWatch allows. */
export async function readPipelineMetrics(
  clients: Clients,
  { addresses }: DeployedPipeline,
  end: Date,
): Promise<PipelineMetrics> {
  const queueNames = [
    ...Object.values(addresses.queues).flatMap(({ url, dlqUrl }) => [queueName(url), queueName(dlqUrl)]),
    queueName(addresses.undelivered.url),
  ];
  const queries: MetricQuery[] = [
    ...queueNames.map((name) => ({
      namespace: "AWS/SQS",
      metric: "ApproximateAgeOfOldestMessage",
      dimensions: { QueueName: name },
      stat: "Maximum" as const,
    })),
    ...Object.values(addresses.functions).flatMap(({ name }) =>
      ["Invocations", "Errors", "Throttles"].map((metric) => ({
        namespace: "AWS/Lambda",
        metric,
        dimensions: { FunctionName: name },
        stat: "Sum" as const,
      })),
    ),
  ];
  const start = new Date(end.getTime() - METRICS_RANGE_MS);
  let refusal: string | null = null;
  const values = await readMetrics(await clients.cloudwatch(), queries, { start, end }, (reason) => {
    refusal = reason;
  });
  const find = (name: string, metric: string) =>
    values[
      queries.findIndex((query) => query.metric === metric && Object.values(query.dimensions).includes(name))
    ] ?? null;
  return {
    age: (queue: string) => find(queue, "ApproximateAgeOfOldestMessage"),
    sum: (name: string, metric: string) => find(name, metric),
    refusal,
  };
}

async function mapValues<T, U>(
  record: Record<string, T>,
  make: (value: T) => Promise<U>,
): Promise<Record<string, U>> {
  const entries = Object.entries(record).map(async ([key, value]) => [key, await make(value)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
