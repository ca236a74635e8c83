import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";

/** One CloudWatch metric to ask for. */
export interface MetricQuery {
  namespace: string;
  metric: string;
  dimensions: Record<string, string>;
  stat: "Sum" | "Maximum" | "Average";
}

/** Queries of one GetMetricData call: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const MAX_QUERIES = 500;
const PERIOD_SECONDS = 60;

/**
 * Reads metrics over a time range. A `Sum` is summed over the range; the others give the newest value.
 * Null where CloudWatch holds no value: unknown is not zero.
 */
export async function readMetrics(
  cloudwatch: CloudWatchClient,
  queries: readonly MetricQuery[],
  range: { start: Date; end: Date },
): Promise<(number | null)[]> {
  const { GetMetricDataCommand } = await import("@aws-sdk/client-cloudwatch");
  const values: (number | null)[] = queries.map(() => null);
  for (let first = 0; first < queries.length; first += MAX_QUERIES) {
    let token: string | undefined;
    do {
      const page = await cloudwatch.send(
        new GetMetricDataCommand({
          StartTime: range.start,
          EndTime: range.end,
          ScanBy: "TimestampDescending",
          NextToken: token,
          MetricDataQueries: queries.slice(first, first + MAX_QUERIES).map((query, index) => ({
            Id: `m${first + index}`,
            MetricStat: {
              Metric: {
                Namespace: query.namespace,
                MetricName: query.metric,
                Dimensions: Object.entries(query.dimensions).map(([Name, Value]) => ({ Name, Value })),
              },
              Period: PERIOD_SECONDS,
              Stat: query.stat,
            },
          })),
        }),
      );
      for (const result of page.MetricDataResults ?? []) {
        const index = Number(result.Id?.slice(1));
        const [newest] = result.Values ?? [];
        if (newest === undefined) continue;
        const sum = (result.Values ?? []).reduce((total, value) => total + value, values[index] ?? 0);
        values[index] = queries[index]?.stat === "Sum" ? sum : (values[index] ?? newest);
      }
      token = page.NextToken;
    } while (token);
  }
  return values;
}
