import { type Members, structures, text } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import type { MetricReader } from "../metric-reader.ts";
import { required } from "../parameters.ts";

const PAGE = 500;

/** ListMetrics: by namespace, name and dimensions (with or without a value). */
export function listMetrics(reader: MetricReader) {
  return (members: Members) => {
    const namespace = text(members, "Namespace");
    const name = text(members, "MetricName");
    const wanted = structures(members, "Dimensions").map((dimension) => ({
      name: required(dimension, "Name"),
      value: text(dimension, "Value"),
    }));
    const from = Number(text(members, "NextToken") ?? 0);
    if (!Number.isSafeInteger(from) || from < 0)
      throw new AwsError("InvalidNextToken", "NextToken is invalid.");
    const found = reader
      .identities()
      .filter((metric) => namespace === undefined || metric.namespace === namespace)
      .filter((metric) => name === undefined || metric.name === name)
      .filter(({ dimensions }) =>
        wanted.every((each) => {
          const value = dimensions[each.name];
          return value !== undefined && (each.value === undefined || each.value === value);
        }),
      );
    return {
      Metrics: found.slice(from, from + PAGE).map((metric) => ({
        Namespace: metric.namespace,
        MetricName: metric.name,
        Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
      })),
      ...(from + PAGE < found.length ? { NextToken: String(from + PAGE) } : {}),
    };
  };
}
