import type { ApiTrigger, BucketSource, LambdaFunction, Queue, QueueTrigger, TopicSource } from "./types.ts";

/** The event source mapping that invokes a function, undefined where an API does. */
export function queueTrigger({ from }: LambdaFunction): QueueTrigger | undefined {
  return "queue" in from ? from : undefined;
}

/** The route that invokes a function, undefined where a queue does. */
export function apiTrigger({ from }: LambdaFunction): ApiTrigger | undefined {
  return "api" in from ? from : undefined;
}

/** The topics that a queue subscribes to. */
export function topicSources({ from }: Queue): TopicSource[] {
  return from.filter((source) => "topic" in source);
}

/** The buckets whose new objects a queue hears of from S3 itself. */
export function bucketSources({ from }: Queue): BucketSource[] {
  return from.filter((source) => "bucket" in source);
}
