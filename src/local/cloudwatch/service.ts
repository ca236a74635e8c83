import { failJson, handleJson, type JsonProtocol, type Operations } from "../http/json-protocol.ts";
import type { Members } from "../http/members.ts";
import { failQuery, handleQuery, type QueryOperations, type Xml } from "../http/query-protocol.ts";
import type { AwsError, EngineParts, Service, ServiceRequest, ServiceResponse } from "../service.ts";
import { getMetricData } from "./actions/get-metric-data.ts";
import { getMetricStatistics } from "./actions/get-metric-statistics.ts";
import { listMetrics } from "./actions/list-metrics.ts";
import { putMetricData } from "./actions/put-metric-data.ts";
import { MetricReader } from "./metric-reader.ts";
import { MetricStore } from "./metric-store.ts";
import { addValue, emptyMinute, MINUTE_MS } from "./minute.ts";
import { type QueueGauge, QueueMetrics } from "./queue-gauges.ts";

const JSON_PROTOCOL: JsonProtocol = {
  version: "1.0",
  target: "GraniteServiceVersion20100801",
  errorNamespace: "com.amazonaws.cloudwatch",
  queryCode: (code) => code,
};
const QUERY_PROTOCOL = { namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/" };

type Action = (members: Members) => object | undefined;

/** Opens CloudWatch on `<data directory>/cloudwatch/`. `sources` are asked whenever metrics are. */
export async function createCloudWatch(
  parts: EngineParts,
  sources: { queueGauges(): QueueGauge[] },
): Promise<CloudWatchService> {
  return new CloudWatchService(parts, await MetricStore.open(parts), sources.queueGauges);
}

/** CloudWatch metrics, by AWS JSON 1.0 and the older query protocol. */
export class CloudWatchService implements Service {
  #operations: Operations;
  #queryOperations: QueryOperations;
  #queues: QueueMetrics;
  #cancelSample = () => {};

  /** Use createCloudWatch. */
  constructor(
    private readonly parts: EngineParts,
    private readonly store: MetricStore,
    queueGauges: () => QueueGauge[],
  ) {
    this.#queues = new QueueMetrics(store, queueGauges);
    const reader = new MetricReader(store, this.#queues, parts.clock);
    const actions: Record<string, Action> = {
      GetMetricData: getMetricData(reader),
      GetMetricStatistics: getMetricStatistics(reader),
      ListMetrics: listMetrics(reader),
      PutMetricData: putMetricData(store, parts.clock),
    };
    this.#operations = mapActions(
      actions,
      (action) => (members) => jsonForm(action(members)) as object | undefined,
    );
    this.#queryOperations = mapActions(actions, (action) => (members) => queryForm(action(members)));
    this.#sampleEveryMinute();
  }

  /** Records one value at `timestamp`, in milliseconds since the epoch. */
  record(
    namespace: string,
    metric: string,
    dimensions: Record<string, string>,
    value: number,
    timestamp: number,
  ): void {
    const values = emptyMinute(0);
    addValue(values, value);
    this.store.add({ namespace, name: metric, dimensions }, timestamp, values);
  }

  handle(request: ServiceRequest): Promise<ServiceResponse> {
    return isJson(request)
      ? handleJson(JSON_PROTOCOL, this.#operations, request)
      : handleQuery(QUERY_PROTOCOL, this.#queryOperations, request);
  }

  fail(error: AwsError, request: ServiceRequest): ServiceResponse {
    return isJson(request) ? failJson(JSON_PROTOCOL, error) : failQuery(QUERY_PROTOCOL, error, request);
  }

  async close(): Promise<void> {
    this.#cancelSample();
    this.#queues.countNow(this.parts.clock.now());
    await this.store.close();
  }

  #sampleEveryMinute(): void {
    this.#cancelSample = this.parts.clock.after(MINUTE_MS, () => {
      this.#queues.sample(this.parts.clock.now());
      this.#sampleEveryMinute();
    });
  }
}

function isJson(request: ServiceRequest): boolean {
  return request.headers["x-amz-target"] !== undefined;
}

function mapActions<T>(actions: Record<string, Action>, wrap: (action: Action) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(actions).map(([name, action]) => [name, wrap(action)]));
}

/** JSON has times as seconds since the epoch. */
function jsonForm(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(jsonForm);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, jsonForm(member)]));
}

/** The query protocol has times in ISO 8601 and lists as `<member>` elements. */
function queryForm(value: unknown): Xml {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return { member: value.map(queryForm) };
  if (typeof value !== "object" || value === null) return value as Xml;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, queryForm(member)]));
}
