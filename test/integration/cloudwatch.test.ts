import {
  CloudWatchClient,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/local/clock.ts";
import type { QueueGauge } from "../../src/local/cloudwatch/queue-gauges.ts";
import { type CloudWatchService, createCloudWatch } from "../../src/local/cloudwatch/service.ts";
import { createSts } from "../../src/local/sts/service.ts";
import { engineParts, serve, temporaryDirectory } from "../support/services.ts";

const NOW = Date.UTC(2026, 10, 21, 3);
const MINUTE_MS = 60_000;
const FUNCTION = { FunctionName: "to-parquet" };

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let clock: ManualClock;
let gauges: QueueGauge[];
let cloudwatch: CloudWatchService;
let server: Awaited<ReturnType<typeof serve>>;
let client: CloudWatchClient;

async function start() {
  const parts = engineParts({ clock, dataDirectory: directory.path });
  cloudwatch = await createCloudWatch(parts, { queueGauges: () => gauges });
  server = await serve({ monitoring: cloudwatch, sts: createSts(parts) });
  client = new CloudWatchClient(server.settings);
}

async function stop() {
  client.destroy();
  await server.close();
  await cloudwatch.close();
}

beforeEach(async () => {
  directory = await temporaryDirectory();
  clock = new ManualClock(NOW);
  gauges = [];
  await start();
});
afterEach(async () => {
  await stop();
  await directory.remove();
});

async function read(
  namespace: string,
  metric: string,
  dimensions: Record<string, string>,
  stat: string,
  options: { from?: number; period?: number; ascending?: boolean } = {},
) {
  const answer = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(options.from ?? NOW - 60 * MINUTE_MS),
      EndTime: new Date(clock.now() + 1),
      ScanBy: options.ascending ? "TimestampAscending" : "TimestampDescending",
      MetricDataQueries: [
        {
          Id: "m0",
          MetricStat: {
            Metric: {
              Namespace: namespace,
              MetricName: metric,
              Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
            },
            Period: options.period ?? 60,
            Stat: stat,
          },
        },
      ],
    }),
  );
  const [result] = answer.MetricDataResults ?? [];
  return { values: result?.Values, times: result?.Timestamps?.map((time) => time.getTime()) };
}

describe("GetMetricData", () => {
  it("sums by period, newest first", async () => {
    for (let n = 0; n < 3; n++)
      cloudwatch.record("AWS/Lambda", "Invocations", FUNCTION, 1, NOW - 2 * MINUTE_MS);
    cloudwatch.record("AWS/Lambda", "Invocations", FUNCTION, 1, NOW - 1);
    expect(await read("AWS/Lambda", "Invocations", FUNCTION, "Sum")).toEqual({
      values: [1, 3],
      times: [NOW - MINUTE_MS, NOW - 2 * MINUTE_MS],
    });
    expect((await read("AWS/Lambda", "Invocations", FUNCTION, "Sum", { period: 3600 })).values).toEqual([4]);
  });

  it("gives averages, extremes and percentiles of durations", async () => {
    for (let n = 1; n <= 100; n++) cloudwatch.record("AWS/Lambda", "Duration", FUNCTION, n, NOW);
    const value = async (stat: string) => (await read("AWS/Lambda", "Duration", FUNCTION, stat)).values;
    expect(await value("Average")).toEqual([50.5]);
    expect(await value("Minimum")).toEqual([1]);
    expect(await value("Maximum")).toEqual([100]);
    expect(await value("p90")).toEqual([90]);
    expect(await value("SampleCount")).toEqual([100]);
  });

  it("knows nothing of what was never recorded, rather than zero", async () => {
    expect((await read("AWS/Lambda", "Errors", FUNCTION, "Sum")).values).toEqual([]);
  });

  it("shows queues as they are at the moment of the question, and as they were each minute", async () => {
    const gauge = { queueName: "landed", inFlight: 2, delayed: 0, oldestAgeSeconds: 7 };
    const visible = () =>
      read("AWS/SQS", "ApproximateNumberOfMessagesVisible", { QueueName: "landed" }, "Maximum");
    gauges = [{ ...gauge, visible: 5 }];
    expect((await visible()).values).toEqual([5]);
    gauges = [{ ...gauge, visible: 3 }];
    expect((await visible()).values).toEqual([3]);
    await clock.advance(MINUTE_MS);
    gauges = [{ ...gauge, visible: 0, inFlight: 0, oldestAgeSeconds: null }];
    expect((await visible()).values).toEqual([0]);
    await clock.advance(MINUTE_MS);
    expect((await visible()).values).toEqual([0, 3]);
    const age = await read("AWS/SQS", "ApproximateAgeOfOldestMessage", { QueueName: "landed" }, "Maximum");
    expect(age.values).toEqual([0, 7]);
  });

  it("counts what queues sent and deleted since the last look", async () => {
    const gauge = { queueName: "landed", visible: 0, inFlight: 0, delayed: 0, oldestAgeSeconds: null };
    const sent = () =>
      read("AWS/SQS", "NumberOfMessagesSent", { QueueName: "landed" }, "Sum", { period: 3600 });
    gauges = [{ ...gauge, sent: 10, deleted: 4 }];
    expect((await sent()).values).toEqual([10]);
    gauges = [{ ...gauge, sent: 15, deleted: 4 }];
    expect((await sent()).values).toEqual([15]);
  });

  it("refuses metric math by name instead of answering something else", async () => {
    await expect(
      client.send(
        new GetMetricDataCommand({
          StartTime: new Date(NOW - MINUTE_MS),
          EndTime: new Date(NOW),
          MetricDataQueries: [{ Id: "e1", Expression: "SUM(METRICS())" }],
        }),
      ),
    ).rejects.toThrow(/e1: .*MetricStat only/);
  });
});

it("counters survive a restart, and those of the last minute go on", async () => {
  cloudwatch.record("AWS/Lambda", "Errors", FUNCTION, 1, NOW);
  await stop();
  await start();
  cloudwatch.record("AWS/Lambda", "Errors", FUNCTION, 1, NOW + 1);
  expect((await read("AWS/Lambda", "Errors", FUNCTION, "Sum")).values).toEqual([2]);
});

it("PutMetricData, ListMetrics and GetMetricStatistics agree with each other", async () => {
  await client.send(
    new PutMetricDataCommand({
      Namespace: "edp",
      MetricData: [
        {
          MetricName: "Rows",
          Dimensions: [{ Name: "Pipeline", Value: "spotify" }],
          Values: [1, 2],
          Counts: [3, 1],
        },
        { MetricName: "Files", Value: 7, Timestamp: new Date(NOW - MINUTE_MS) },
      ],
    }),
  );
  const listed = await client.send(
    new ListMetricsCommand({ Namespace: "edp", Dimensions: [{ Name: "Pipeline" }] }),
  );
  expect(listed.Metrics).toEqual([
    { Namespace: "edp", MetricName: "Rows", Dimensions: [{ Name: "Pipeline", Value: "spotify" }] },
  ]);
  const statistics = await client.send(
    new GetMetricStatisticsCommand({
      Namespace: "edp",
      MetricName: "Rows",
      Dimensions: [{ Name: "Pipeline", Value: "spotify" }],
      StartTime: new Date(NOW - MINUTE_MS),
      EndTime: new Date(NOW + MINUTE_MS),
      Period: 60,
      Statistics: ["Sum", "SampleCount"],
      ExtendedStatistics: ["p50"],
    }),
  );
  expect(statistics.Datapoints).toEqual([
    { Timestamp: new Date(NOW), Sum: 5, SampleCount: 4, ExtendedStatistics: { p50: 1 }, Unit: "None" },
  ]);
});

it("the older query protocol gets XML", async () => {
  cloudwatch.record("AWS/Lambda", "Invocations", FUNCTION, 2, NOW);
  const form = new URLSearchParams({
    Action: "GetMetricStatistics",
    Namespace: "AWS/Lambda",
    MetricName: "Invocations",
    "Dimensions.member.1.Name": "FunctionName",
    "Dimensions.member.1.Value": "to-parquet",
    StartTime: new Date(NOW - MINUTE_MS).toISOString(),
    EndTime: new Date(NOW + MINUTE_MS).toISOString(),
    Period: "60",
    "Statistics.member.1": "Sum",
  });
  const response = await fetch(server.endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/monitoring/aws4_request",
    },
    body: form.toString(),
  });
  expect(response.status).toBe(200);
  const xml = await response.text();
  expect(xml).toContain("<Datapoints><member>");
  expect(xml).toContain("<Sum>2</Sum>");
  expect(xml).toContain(`<Timestamp>${new Date(NOW).toISOString()}</Timestamp>`);
});

it("STS names the local account", async () => {
  const sts = new STSClient(server.settings);
  expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
    Account: "000000000000",
    Arn: "arn:aws:iam::000000000000:root",
  });
  sts.destroy();
});
