import { type Clients, createClients } from "../aws/clients.ts";
import { type MetricQuery, readSeries, type Series } from "../aws/metrics.ts";
import { metricsNote, type PipelineMetrics, readPipelineMetrics } from "../aws/pipeline-metrics.ts";
import { queueName } from "../aws/queues.ts";
import { type EnvironmentStatus, pipelineStatus, placeOf, selected } from "../aws/status.ts";
import type { Context } from "../context.ts";
import type { Pause } from "../ingest/pause.ts";
import type { DeployedPipeline, Deployment } from "../topology/deployment.ts";

/** Minutes of history beside each queue and function. */
export const HISTORY_MINUTES = 15;
/** CloudWatch has a value a minute and takes money for each one read: 10 USD for a million. */
const METRICS_EVERY_MS = { local: 0, aws: 30_000 };
const MINUTE_MS = 60_000;

/** The last minutes of one pipeline, oldest first: depth of each queue, invocations of each function. */
export interface History {
  queues: Record<string, Series>;
  functions: Record<string, Series>;
}

/** One look at an environment. Objects are not counted: that would list the buckets each time. */
export interface WatchTick extends EnvironmentStatus {
  time: string;
  history: Record<string, History>;
}

interface Known {
  metrics: PipelineMetrics;
  history: History;
}

/**
 * Looks at an environment again and again until the signal is aborted: depths each time, CloudWatch's metrics on AWS
 * twice a minute. Between its minutes the history holds the greatest depth that was seen.
 * @throws the signal's reason
 */
export async function* watchStatus(
  deployment: Deployment,
  context: Context,
  options: { pipelines: readonly string[]; intervalMs: number; pause: Pause },
): AsyncGenerator<WatchTick> {
  const clients = createClients(deployment, context);
  const every = deployment.endpoint === null ? METRICS_EVERY_MS.aws : METRICS_EVERY_MS.local;
  const known = new Map<string, Known>();
  const seen = new Depths();
  let readAt = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      const now = context.now();
      const chosen = selected(deployment, options.pipelines);
      if (now - readAt >= every) {
        const end = new Date(now);
        for (const [name, pipeline] of chosen) known.set(name, await readKnown(clients, pipeline, end));
        readAt = now;
      }
      const tick: WatchTick = {
        time: new Date(now).toISOString(),
        ...placeOf(deployment),
        pipelines: {},
        history: {},
        ...metricsNote(
          [...known.values()].map(({ metrics }) => metrics),
          new Date(readAt),
        ),
      };
      for (const [name, pipeline] of chosen) {
        const { metrics, history } = known.get(name) ?? (await readKnown(clients, pipeline, new Date(now)));
        const status = await pipelineStatus(clients, pipeline, metrics, false);
        tick.pipelines[name] = status;
        for (const [key, { visible, inFlight }] of Object.entries(status.queues)) {
          if (visible !== null) seen.note(`${name}/${key}`, now, visible + (inFlight ?? 0));
        }
        tick.history[name] = {
          functions: history.functions,
          queues: Object.fromEntries(
            Object.entries(history.queues).map(([key, series]) => [
              key,
              seen.merged(`${name}/${key}`, series, readAt, now),
            ]),
          ),
        };
      }
      yield tick;
      await options.pause(options.intervalMs, context.signal);
    }
  } finally {
    clients.close();
  }
}

async function readKnown(clients: Clients, pipeline: DeployedPipeline, end: Date): Promise<Known> {
  const [metrics, history] = await Promise.all([
    readPipelineMetrics(clients, pipeline, end),
    readHistory(clients, pipeline, end),
  ]);
  return { metrics, history };
}

async function readHistory(clients: Clients, { addresses }: DeployedPipeline, end: Date): Promise<History> {
  const queues = Object.entries(addresses.queues);
  const functions = Object.entries(addresses.functions);
  const queries: MetricQuery[] = [
    ...queues.map(([, { url }]) => ({
      namespace: "AWS/SQS",
      metric: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: queueName(url) },
      stat: "Maximum" as const,
    })),
    ...functions.map(([, { name }]) => ({
      namespace: "AWS/Lambda",
      metric: "Invocations",
      dimensions: { FunctionName: name },
      stat: "Sum" as const,
    })),
  ];
  const series = await readSeries(await clients.cloudwatch(), queries, end, HISTORY_MINUTES, () => {
    // readPipelineMetrics has asked the same service, and says why it gives nothing.
  });
  const named = (entries: readonly [string, unknown][], first: number) =>
    Object.fromEntries(entries.map(([key], index) => [key, series[first + index] ?? []]));
  return { queues: named(queues, 0), functions: named(functions, queues.length) };
}

/** The greatest depth of each queue and minute that this watch has seen. */
class Depths {
  readonly #byMinute = new Map<string, Map<number, number>>();

  note(queue: string, now: number, depth: number): void {
    const minutes = this.#byMinute.get(queue) ?? new Map<number, number>();
    const minute = Math.floor(now / MINUTE_MS);
    minutes.set(minute, Math.max(depth, minutes.get(minute) ?? 0));
    for (const old of minutes.keys()) if (old <= minute - HISTORY_MINUTES) minutes.delete(old);
    this.#byMinute.set(queue, minutes);
  }

  /** CloudWatch's series, read at `readAt`, as of `now` and with what was seen since. */
  merged(queue: string, series: Series, readAt: number, now: number): Series {
    const last = Math.floor(now / MINUTE_MS);
    const lastRead = Math.floor(readAt / MINUTE_MS);
    return Array.from({ length: HISTORY_MINUTES }, (_, slot) => {
      const minute = last - HISTORY_MINUTES + 1 + slot;
      const read = series[HISTORY_MINUTES - 1 - (lastRead - minute)] ?? null;
      const observed = this.#byMinute.get(queue)?.get(minute) ?? null;
      return observed === null ? read : Math.max(observed, read ?? 0);
    });
  }
}
