import { type Members, structures, text } from "../http/members.ts";
import { AwsError } from "../service.ts";
import type { MetricIdentity } from "./metric-store.ts";

export function invalid(message: string): AwsError {
  return new AwsError("InvalidParameterValue", message);
}

export function required(members: Members, name: string): string {
  const value = text(members, name);
  if (!value) throw new AwsError("MissingParameter", `The parameter ${name} is required.`);
  return value;
}

/** A number; digits in a string count too, as the query protocol sends them. */
export function number(members: Members, name: string): number | undefined {
  const value = members[name] ?? undefined;
  if (value === undefined) return undefined;
  const parsed =
    typeof value === "number"
      ? value
      : typeof value === "string" && value !== ""
        ? Number(value)
        : Number.NaN;
  if (!Number.isFinite(parsed)) throw invalid(`${name} must be a number`);
  return parsed;
}

/** A list of numbers; absent is empty. */
export function numbers(members: Members, name: string): number[] {
  const values = members[name] ?? [];
  if (!Array.isArray(values)) throw invalid(`${name} must be a list of numbers`);
  return values.map((_, index) => number(values as unknown as Members, String(index)) ?? 0);
}

/** A time in milliseconds since the epoch: JSON has seconds since then, the query protocol ISO 8601. */
export function time(members: Members, name: string): number | undefined {
  const value = members[name] ?? undefined;
  if (value === undefined) return undefined;
  const ms =
    typeof value === "number" ? value * 1000 : typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (!Number.isFinite(ms)) throw invalid(`${name} must be a time`);
  return ms;
}

/** The range from StartTime to EndTime. */
export function timeRange(members: Members): { from: number; to: number } {
  const from = time(members, "StartTime");
  const to = time(members, "EndTime");
  if (from === undefined || to === undefined) {
    throw new AwsError("MissingParameter", "The parameters StartTime and EndTime are required.");
  }
  if (from >= to) throw invalid("The parameter StartTime must be less than the parameter EndTime.");
  return { from, to };
}

/** A period in milliseconds: CloudWatch takes multiples of 60 s here; shorter ones are for high resolution. */
export function period(members: Members): number {
  const seconds = number(members, "Period");
  if (seconds === undefined) throw new AwsError("MissingParameter", "The parameter Period is required.");
  if (seconds < 60 || seconds % 60 !== 0) {
    throw invalid("The parameter Period must be a multiple of 60 seconds: edp's local engine keeps minutes.");
  }
  return seconds * 1000;
}

export function dimensions(members: Members): Record<string, string> {
  return Object.fromEntries(
    structures(members, "Dimensions").map((dimension) => [
      required(dimension, "Name"),
      required(dimension, "Value"),
    ]),
  );
}

/** The metric that Namespace, MetricName and Dimensions name. */
export function metricIdentity(members: Members): MetricIdentity {
  return {
    namespace: required(members, "Namespace"),
    name: required(members, "MetricName"),
    dimensions: dimensions(members),
  };
}
