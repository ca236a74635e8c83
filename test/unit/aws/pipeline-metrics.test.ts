import type { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { expect, it } from "vitest";
import type { Clients } from "../../../src/aws/clients.ts";
import { readPipelineMetrics } from "../../../src/aws/pipeline-metrics.ts";
import type { DeployedPipeline } from "../../../src/topology/deployment.ts";
import { NO_ADDRESSES } from "../../support/topology-fixtures.ts";

const URL = "https://abc123.execute-api.eu-west-1.amazonaws.com/v1";
const pipeline = {
  topology: {},
  addresses: {
    ...NO_ADDRESSES,
    streams: { events: { name: "p-events" } },
    deliveries: { events: { name: "p-events" } },
    apis: { store: { url: URL, apiKeyId: "k" } },
    undelivered: { url: "https://sqs/1/p-undelivered" },
  },
} as unknown as DeployedPipeline;

/** A CloudWatch that holds these points, newest first, by `namespace metric dimension`. */
function clients(points: Record<string, number[]>): Clients {
  const cloudwatch = {
    send: async ({ input }: GetMetricDataCommand) => ({
      MetricDataResults: (input.MetricDataQueries ?? []).map(({ Id, MetricStat }) => {
        const { Namespace, MetricName, Dimensions = [] } = MetricStat?.Metric ?? {};
        return { Id, Values: points[`${Namespace} ${MetricName} ${Dimensions[0]?.Value}`] ?? [] };
      }),
    }),
  };
  const gateway = { send: async () => ({ name: "p-store" }) };
  return { cloudwatch: async () => cloudwatch, apiGateway: async () => gateway } as unknown as Clients;
}

it("streams and deliveries have their newest lag, APIs the sum of a day; what CloudWatch lacks is null", async () => {
  const { value } = await readPipelineMetrics(
    clients({
      "AWS/Kinesis GetRecords.IteratorAgeMilliseconds p-events": [1500, 9000],
      "AWS/Firehose DeliveryToS3.DataFreshness p-events": [62, 4],
      "AWS/ApiGateway Count p-store": [3, 4],
      "AWS/ApiGateway 5XXError p-store": [0, 1],
    }),
    pipeline,
    new Date(0),
  );
  expect(value("p-events", "GetRecords.IteratorAgeMilliseconds")).toBe(1500);
  expect(value("p-events", "DeliveryToS3.DataFreshness")).toBe(62);
  expect(value(URL, "Count")).toBe(7);
  expect(value(URL, "5XXError")).toBe(1);
  expect(value(URL, "4XXError")).toBeNull();
  expect(value("p-undelivered", "ApproximateAgeOfOldestMessage")).toBeNull();
});
