import type { AddressBook } from "./deployment.ts";
import { queueTrigger } from "./from.ts";
import type { Pipeline } from "./types.ts";

/** Turns a key into the part of an environment variable: upper case, `-` as `_`. */
export function variablePart(key: string): string {
  return key.toUpperCase().replaceAll("-", "_");
}

/**
 * The environment variables a function gets from its edges: `BUCKET_<KEY>`, `TABLE_<KEY>` and `STREAM_<KEY>` (names),
 * `QUEUE_<KEY>_URL`, `TOPIC_<KEY>_ARN` and `DATABASE_<KEY>_{HOST,PORT,NAME,SECRET_ARN}` for what it reads or writes,
 * `DLQ_<KEY>_URL` for the DLQ of the queue that feeds it, plus its own plain settings. Host and port of a database
 * that has not started are left out. The HCL module `topology` derives the same.
 */
export function functionEnvironment(
  pipeline: Pipeline,
  functionKey: string,
  addresses: AddressBook,
): Record<string, string> {
  const declared = pipeline.functions[functionKey];
  if (!declared) throw new Error(`no function ${functionKey} in pipeline ${pipeline.name}`);
  const edges = [...new Set([...declared.reads, ...declared.writes])];
  const trigger = queueTrigger(declared);
  const source = trigger && addresses.queues[trigger.queue];
  return {
    ...declared.environment,
    ...Object.assign({}, ...edges.map((key) => variablesOf(key, addresses))),
    ...(source ? { [`DLQ_${variablePart(trigger.queue)}_URL`]: source.dlqUrl } : {}),
  };
}

/** The variables that lead to one data thing; a key means exactly one. */
function variablesOf(key: string, addresses: AddressBook): Record<string, string> {
  const part = variablePart(key);
  const bucket = addresses.buckets[key];
  if (bucket) return { [`BUCKET_${part}`]: bucket.name };
  const queue = addresses.queues[key];
  if (queue) return { [`QUEUE_${part}_URL`]: queue.url };
  const topic = addresses.topics[key];
  if (topic) return { [`TOPIC_${part}_ARN`]: topic.arn };
  const table = addresses.tables[key];
  if (table) return { [`TABLE_${part}`]: table.name };
  const stream = addresses.streams[key];
  if (stream) return { [`STREAM_${part}`]: stream.name };
  const database = addresses.databases[key];
  if (!database) return {};
  return {
    ...(database.host === null ? {} : { [`DATABASE_${part}_HOST`]: database.host }),
    ...(database.port === null ? {} : { [`DATABASE_${part}_PORT`]: String(database.port) }),
    [`DATABASE_${part}_NAME`]: database.name,
    [`DATABASE_${part}_SECRET_ARN`]: database.secretArn,
  };
}
