import { type Members, texts } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import type { MetricReader } from "../metric-reader.ts";
import { statistic } from "../minute.ts";
import { invalid, metricIdentity, period, timeRange } from "../parameters.ts";

const MAX_DATAPOINTS = 1440;

/** GetMetricStatistics. The order of datapoints is not promised; here it is the order of time. */
export function getMetricStatistics(reader: MetricReader) {
  return (members: Members) => {
    const metric = metricIdentity(members);
    const names = texts(members, "Statistics");
    const extended = texts(members, "ExtendedStatistics");
    if (names.length + extended.length === 0) {
      throw new AwsError("MissingParameter", "Must specify either Statistics or ExtendedStatistics");
    }
    const read = (name: string) => {
      const found = statistic(name);
      if (!found) throw invalid(`The value ${name} for parameter Statistics is not supported.`);
      return [name, found] as const;
    };
    const plain = names.map(read);
    const percentiles = extended.map(read);
    const minutes = reader.periods(metric, timeRange(members), period(members));
    if (minutes.length > MAX_DATAPOINTS) {
      throw new AwsError(
        "InvalidParameterCombination",
        `You have requested up to ${minutes.length} datapoints, which exceeds the limit of ${MAX_DATAPOINTS}.`,
      );
    }
    return {
      Label: metric.name,
      Datapoints: minutes.map((minute) => ({
        Timestamp: new Date(minute.start),
        ...Object.fromEntries(plain.map(([name, value]) => [name, value(minute)])),
        ...(percentiles.length > 0
          ? {
              ExtendedStatistics: Object.fromEntries(
                percentiles.map(([name, value]) => [name, value(minute)]),
              ),
            }
          : {}),
        Unit: "None",
      })),
    };
  };
}
