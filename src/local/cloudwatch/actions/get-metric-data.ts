import { flag, type Members, structure, structures, text } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import type { MetricReader } from "../metric-reader.ts";
import { statistic } from "../minute.ts";
import { invalid, metricIdentity, number, period, required, timeRange } from "../parameters.ts";

/** Limits: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const MAX_QUERIES = 500;
const MAX_DATAPOINTS = 100_800;

/** GetMetricData for plain metrics. Metric math and SEARCH are refused by name. */
export function getMetricData(reader: MetricReader) {
  return (members: Members) => {
    const range = timeRange(members);
    const queries = structures(members, "MetricDataQueries");
    if (queries.length === 0) throw new AwsError("MissingParameter", "MetricDataQueries is required.");
    if (queries.length > MAX_QUERIES)
      throw invalid(`MetricDataQueries holds more than ${MAX_QUERIES} queries`);
    const ascending = text(members, "ScanBy") === "TimestampAscending";
    const most = number(members, "MaxDatapoints") ?? MAX_DATAPOINTS;
    const from = pageStart(text(members, "NextToken"));
    // Pages are cut through the queries one after the other, so that a token is only a number.
    let passed = 0;
    let left = most;
    let more = false;
    const results = queries
      .filter((query) => flag(query, "ReturnData") ?? true)
      .map((query) => {
        const points = datapoints(reader, query, range);
        if (!ascending) points.reverse();
        const skipped = Math.min(points.length, Math.max(0, from - passed));
        passed += points.length;
        const shown = points.slice(skipped, skipped + left);
        left -= shown.length;
        const partial = skipped + shown.length < points.length;
        more ||= partial;
        return {
          Id: required(query, "Id"),
          Label: text(query, "Label") ?? metricLabel(query),
          Timestamps: shown.map(({ time }) => new Date(time)),
          Values: shown.map(({ value }) => value),
          StatusCode: partial ? "PartialData" : "Complete",
        };
      });
    return {
      MetricDataResults: results,
      Messages: [],
      ...(more ? { NextToken: String(from + most) } : {}),
    };
  };
}

function datapoints(reader: MetricReader, query: Members, range: { from: number; to: number }) {
  const metricStat = structure(query, "MetricStat");
  if (!metricStat) {
    throw new AwsError(
      "ValidationError",
      `query ${required(query, "Id")}: edp's local engine serves MetricStat only, not expressions`,
    );
  }
  const name = required(metricStat, "Stat");
  const read = statistic(name);
  if (!read) throw new AwsError("ValidationError", `query ${required(query, "Id")}: unknown Stat ${name}`);
  const metric = metricIdentity(structure(metricStat, "Metric") ?? {});
  return reader
    .periods(metric, range, period(metricStat))
    .map((minute) => ({ time: minute.start, value: read(minute) }));
}

function metricLabel(query: Members): string {
  return text(structure(structure(query, "MetricStat") ?? {}, "Metric") ?? {}, "MetricName") ?? "";
}

function pageStart(token: string | undefined): number {
  const from = Number(token ?? 0);
  if (!Number.isSafeInteger(from) || from < 0)
    throw new AwsError("InvalidNextToken", "NextToken is invalid.");
  return from;
}
