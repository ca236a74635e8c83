import type { AddressBook, DeployedPipeline } from "../topology/deployment.ts";
import type { Clients } from "./clients.ts";
import { type MetricQuery, readMetrics } from "./metrics.ts";
import { queueName } from "./queues.ts";
import { restApiName } from "./rest-apis.ts";

/** How far back invocations, requests and errors are counted, in milliseconds. */
const METRICS_RANGE_MS = 24 * 60 * 60 * 1000;

/** Metrics of one pipeline; null where CloudWatch holds none. */
export interface PipelineMetrics {
  /**
   * Counts of the last 24 hours, the newest value of everything else.
   * @param thing physical name; for an API its URL, which is all that an address book has of it
   * @param metric CloudWatch's name
   */
  value(thing: string, metric: string): number | null;
  /** Why CloudWatch gave nothing; null where it answered. */
  refusal: string | null;
}

/** A query, and what it is found by again. */
interface Asked extends MetricQuery {
  thing: string;
}

/** Reads every metric of a pipeline in as few calls as CloudWatch allows. */
export async function readPipelineMetrics(
  clients: Clients,
  { addresses }: DeployedPipeline,
  end: Date,
): Promise<PipelineMetrics> {
  const asked = [
    ...queueQueries(addresses),
    ...functionQueries(addresses),
    ...streamQueries(addresses),
    ...(await apiQueries(clients, addresses)),
  ];
  const start = new Date(end.getTime() - METRICS_RANGE_MS);
  let refusal: string | null = null;
  const values = await readMetrics(await clients.cloudwatch(), asked, { start, end }, (reason) => {
    refusal = reason;
  });
  return {
    value: (thing, metric) =>
      values[asked.findIndex((one) => one.thing === thing && one.metric === metric)] ?? null,
    refusal,
  };
}

/** When metrics were read, and why there are none. */
export function metricsNote(
  metrics: readonly PipelineMetrics[],
  readAt: Date,
): { metricsAsOf: string | null; notes: string[] } {
  const refusals = [...new Set(metrics.flatMap(({ refusal }) => refusal ?? []))];
  return {
    metricsAsOf: refusals.length > 0 ? null : readAt.toISOString(),
    notes: refusals.map(
      (why) => `CloudWatch gives no metrics, so ages, invocations and errors are unknown (${why})`,
    ),
  };
}

function queueQueries({ queues, undelivered }: AddressBook): Asked[] {
  const urls = [...Object.values(queues).flatMap(({ url, dlqUrl }) => [url, dlqUrl]), undelivered.url];
  return urls.map(queueName).map((thing) => ({
    thing,
    namespace: "AWS/SQS",
    metric: "ApproximateAgeOfOldestMessage",
    dimensions: { QueueName: thing },
    stat: "Maximum",
  }));
}

function functionQueries({ functions }: AddressBook): Asked[] {
  return Object.values(functions).flatMap(({ name }) =>
    ["Invocations", "Errors", "Throttles"].map((metric) => ({
      thing: name,
      namespace: "AWS/Lambda",
      metric,
      dimensions: { FunctionName: name },
      stat: "Sum" as const,
    })),
  );
}

/** How far readers lag behind a stream, and how old the oldest record is that Firehose has not yet delivered. */
function streamQueries({ streams, deliveries }: AddressBook): Asked[] {
  return [
    ...Object.values(streams).map(({ name }) => ({
      thing: name,
      namespace: "AWS/Kinesis",
      metric: "GetRecords.IteratorAgeMilliseconds",
      dimensions: { StreamName: name },
      stat: "Maximum" as const,
    })),
    ...Object.values(deliveries).map(({ name }) => ({
      thing: name,
      namespace: "AWS/Firehose",
      metric: "DeliveryToS3.DataFreshness",
      dimensions: { DeliveryStreamName: name },
      stat: "Maximum" as const,
    })),
  ];
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html */
async function apiQueries(clients: Clients, { apis }: AddressBook): Promise<Asked[]> {
  const queries = Object.values(apis).map(async ({ url }) => {
    const name = await restApiName(clients, url);
    if (name === null) return [];
    return ["Count", "4XXError", "5XXError"].map((metric) => ({
      thing: url,
      namespace: "AWS/ApiGateway",
      metric,
      dimensions: { ApiName: name },
      stat: "Sum" as const,
    }));
  });
  return (await Promise.all(queries)).flat();
}
