import type { Clock } from "../../clock.ts";
import { type Members, structure, structures } from "../../http/members.ts";
import type { MetricStore } from "../metric-store.ts";
import { addValue, emptyMinute, type Minute } from "../minute.ts";
import { dimensions, invalid, number, numbers, required, time } from "../parameters.ts";

const MAX_DATA = 1000;

/** PutMetricData: single values, values with counts, or statistic sets. */
export function putMetricData(store: MetricStore, clock: Clock) {
  return (members: Members) => {
    const namespace = required(members, "Namespace");
    if (namespace.startsWith("AWS/")) {
      throw invalid("The value AWS/ for parameter Namespace is invalid: it is reserved.");
    }
    const data = structures(members, "MetricData");
    if (data.length > MAX_DATA) throw invalid(`MetricData holds more than ${MAX_DATA} metrics`);
    // Checked as a whole before the first is kept.
    const read = data.map((datum) => ({
      metric: { namespace, name: required(datum, "MetricName"), dimensions: dimensions(datum) },
      at: time(datum, "Timestamp") ?? clock.now(),
      values: values(datum),
    }));
    for (const { metric, at, values: added } of read) store.add(metric, at, added);
    return undefined;
  };
}

function values(datum: Members): Minute {
  const minute = emptyMinute(0);
  const set = structure(datum, "StatisticValues");
  if (set) {
    minute.sum = number(set, "Sum") ?? 0;
    minute.count = number(set, "SampleCount") ?? 0;
    minute.minimum = number(set, "Minimum") ?? 0;
    minute.maximum = number(set, "Maximum") ?? 0;
    return minute;
  }
  const single = number(datum, "Value");
  if (single !== undefined) addValue(minute, single);
  const counts = numbers(datum, "Counts");
  for (const [index, value] of numbers(datum, "Values").entries())
    addValue(minute, value, counts[index] ?? 1);
  if (minute.count === 0) throw invalid("a metric needs Value, Values or StatisticValues");
  return minute;
}
