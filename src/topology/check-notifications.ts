import type { Fault, JsonPath } from "./faults.ts";
import { bucketSources, queueTrigger } from "./from.ts";
import type { BucketSource, Pipeline } from "./types.ts";

/** What S3 demands of the notifications of a bucket, and who must not write to it. */
export function checkNotifications(pipeline: Pipeline): Fault[] {
  const { buckets, queues } = pipeline;
  const earlier: { source: BucketSource; queue: string }[] = [];
  const faults = Object.entries(queues).flatMap(([key, { from }]) =>
    from.flatMap((source, index): Fault[] => {
      if (!("bucket" in source)) return [];
      const path: JsonPath = ["queues", key, "from", index];
      const { bucket } = source;
      if (!Object.hasOwn(buckets, bucket)) {
        return [{ path: [...path, "bucket"], message: `there is no bucket ${bucket}` }];
      }
      const other = earlier.find((one) => overlap(one.source, source));
      earlier.push({ source, queue: key });
      if (!other) return [];
      const message = `overlaps with what the queue ${other.queue} hears of ${bucket}: S3 tells one only`;
      return [{ path, message }];
    }),
  );
  return [...faults, ...checkLoops(pipeline)];
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html */
function overlap(one: BucketSource, other: BucketSource): boolean {
  return (
    one.bucket === other.bucket &&
    (one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix)) &&
    (one.suffix.endsWith(other.suffix) || other.suffix.endsWith(one.suffix))
  );
}

/** A function that writes to a bucket all of whose objects come to it would never come to an end. */
function checkLoops({ queues, functions }: Pipeline): Fault[] {
  return Object.entries(functions).flatMap(([key, declared]) => {
    const queue = queueTrigger(declared)?.queue ?? "";
    const fed = Object.hasOwn(queues, queue) ? queues[queue] : undefined;
    const sources = fed ? bucketSources(fed) : [];
    const everything = sources.filter(({ prefix, suffix }) => prefix === "" && suffix === "");
    return declared.writes.flatMap((written, index) =>
      everything.some(({ bucket }) => bucket === written)
        ? [
            {
              path: ["functions", key, "writes", index],
              message: `what it writes to ${written} would come back to it: give the source in ${queue} a prefix`,
            },
          ]
        : [],
    );
  });
}
