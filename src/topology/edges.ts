import type { AddressBook } from "./deployment.ts";
import type { Pipeline } from "./types.ts";

/** Turns a key into the part of an environment variable: upper case, `-` as `_`. */
export function variablePart(key: string): string {
  return key.toUpperCase().replaceAll("-", "_");
}

/**
 * The environment variables a function gets from its edges: `BUCKET_<KEY>` for each bucket it reads or
 * writes, `QUEUE_<KEY>_URL` for each queue it writes, `DLQ_<KEY>_URL` for the DLQ of the queue that feeds
 * it, plus its own plain settings. The HCL module `topology` derives the same.
 */
export function functionEnvironment(
  pipeline: Pipeline,
  functionKey: string,
  addresses: AddressBook,
): Record<string, string> {
  const declared = pipeline.functions[functionKey];
  if (!declared) throw new Error(`no function ${functionKey} in pipeline ${pipeline.name}`);
  const variables: Record<string, string> = { ...declared.environment };
  for (const key of new Set([...declared.reads, ...declared.writes])) {
    const bucket = addresses.buckets[key];
    const queue = addresses.queues[key];
    const topic = addresses.topics[key];
    if (bucket) variables[`BUCKET_${variablePart(key)}`] = bucket.name;
    else if (queue) variables[`QUEUE_${variablePart(key)}_URL`] = queue.url;
    else if (topic) variables[`TOPIC_${variablePart(key)}_ARN`] = topic.arn;
  }
  const source = addresses.queues[declared.from.queue];
  if (source) variables[`DLQ_${variablePart(declared.from.queue)}_URL`] = source.dlqUrl;
  return variables;
}
