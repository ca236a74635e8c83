import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { isAnswer } from "./answered.ts";

/** One CloudWatch metric to ask for. */
export interface MetricQuery {
  namespace: string;
  metric: string;
  dimensions: Record<string, string>;
  stat: "Sum" | "Maximum" | "Average";
}

/** A value for each minute of a range, oldest first; null where CloudWatch holds none. */
export type Series = (number | null)[];

/** Queries of one GetMetricData call: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const MAX_QUERIES = 500;
const PERIOD_SECONDS = 60;

/** Told why CloudWatch gives nothing: no permission, or an emulator that lacks GetMetricData. */
export type OnRefused = (reason: string) => void;

/**
 * Reads metrics over a time range. A `Sum` is summed over the range; the others give the newest value.
 * Null where CloudWatch holds no value, or refuses: unknown is not zero.
 */
export async function readMetrics(
  cloudwatch: CloudWatchClient,
  queries: readonly MetricQuery[],
  range: { start: Date; end: Date },
  onRefused: OnRefused,
): Promise<(number | null)[]> {
  const values: (number | null)[] = queries.map(() => null);
  for await (const { index, points } of readPoints(cloudwatch, queries, range, onRefused)) {
    const [newest] = points;
    if (!newest) continue;
    const sum = points.reduce((total, { value }) => total + value, values[index] ?? 0);
    values[index] = queries[index]?.stat === "Sum" ? sum : (values[index] ?? newest.value);
  }
  return values;
}

/** Reads metrics minute by minute: `minutes` values each, the last one of the minute that `end` lies in. */
export async function readSeries(
  cloudwatch: CloudWatchClient,
  queries: readonly MetricQuery[],
  end: Date,
  minutes: number,
  onRefused: OnRefused,
): Promise<Series[]> {
  const last = Math.floor(end.getTime() / 1000 / PERIOD_SECONDS);
  const start = new Date((last - minutes + 1) * PERIOD_SECONDS * 1000);
  const series = queries.map((): Series => new Array<number | null>(minutes).fill(null));
  for await (const { index, points } of readPoints(cloudwatch, queries, { start, end }, onRefused)) {
    for (const { time, value } of points) {
      const slot = minutes - 1 - (last - Math.floor(time / 1000 / PERIOD_SECONDS));
      const values = series[index];
      if (values && slot >= 0 && slot < minutes) values[slot] = value;
    }
  }
  return series;
}

/** Pages through GetMetricData: the points of one query each, newest first. */
async function* readPoints(
  cloudwatch: CloudWatchClient,
  queries: readonly MetricQuery[],
  range: { start: Date; end: Date },
  onRefused: OnRefused,
): AsyncGenerator<{ index: number; points: { time: number; value: number }[] }> {
  const { GetMetricDataCommand } = await import("@aws-sdk/client-cloudwatch");
  for (let first = 0; first < queries.length; first += MAX_QUERIES) {
    let token: string | undefined;
    do {
      const command = new GetMetricDataCommand({
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
      });
      const page = await cloudwatch.send(command).catch((error: unknown) => onRefused(refusal(error)));
      if (!page) return;
      for (const { Id, Values = [], Timestamps = [] } of page.MetricDataResults ?? []) {
        const points = Values.map((value, index) => ({ time: Timestamps[index]?.getTime() ?? 0, value }));
        yield { index: Number(Id?.slice(1)), points };
      }
      token = page.NextToken;
    } while (token);
  }
}

/** What the service answered. @throws the error itself where nothing answered, or nobody could be asked. */
function refusal(error: unknown): string {
  if (!isAnswer(error)) throw error;
  const { name, message } = error as Error;
  return `${name}: ${message.split("\n", 1)[0]}`;
}
