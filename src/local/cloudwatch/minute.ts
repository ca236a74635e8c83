/** Metrics are kept at this resolution, in milliseconds. */
export const MINUTE_MS = 60_000;

/** The values of one metric in one minute. */
export interface Minute {
  /** Start, in milliseconds since the epoch. */
  start: number;
  sum: number;
  count: number;
  minimum: number;
  maximum: number;
  /** Occurrences by value, rounded to three digits, for percentiles. */
  values: Map<number, number>;
}

export function emptyMinute(start: number): Minute {
  return {
    start,
    sum: 0,
    count: 0,
    minimum: Number.POSITIVE_INFINITY,
    maximum: Number.NEGATIVE_INFINITY,
    values: new Map(),
  };
}

/** Adds a value that was seen `count` times. */
export function addValue(minute: Minute, value: number, count = 1): void {
  minute.sum += value * count;
  minute.count += count;
  minute.minimum = Math.min(minute.minimum, value);
  minute.maximum = Math.max(minute.maximum, value);
  const rounded = Number(value.toPrecision(3));
  minute.values.set(rounded, (minute.values.get(rounded) ?? 0) + count);
}

/** Adds what another minute (or a statistic set, which knows no single values) holds. */
export function merge(into: Minute, from: Omit<Minute, "start">): void {
  into.sum += from.sum;
  into.count += from.count;
  into.minimum = Math.min(into.minimum, from.minimum);
  into.maximum = Math.max(into.maximum, from.maximum);
  for (const [value, count] of from.values) into.values.set(value, (into.values.get(value) ?? 0) + count);
}

const SIMPLE: Record<string, (minute: Minute) => number> = {
  Sum: ({ sum }) => sum,
  SampleCount: ({ count }) => count,
  Average: ({ sum, count }) => sum / count,
  Minimum: ({ minimum }) => minimum,
  Maximum: ({ maximum }) => maximum,
};
const PERCENTILE = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/;

/** How to get a statistic (`Sum`, `Average`, `p99` and so on), or undefined for one that isn't known. */
export function statistic(name: string): ((minute: Minute) => number) | undefined {
  const simple = Object.hasOwn(SIMPLE, name) ? SIMPLE[name] : undefined;
  if (simple) return simple;
  const percent = PERCENTILE.exec(name)?.[1];
  return percent === undefined ? undefined : (minute) => percentile(minute, Number(percent));
}

function percentile({ values, maximum }: Minute, percent: number): number {
  const sorted = [...values].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [value, count] of sorted) {
    seen += count;
    if (seen >= (percent / 100) * total) return value;
  }
  return maximum;
}
