import { InvalidInputError } from "../errors.ts";
import type { Kind, Pipeline } from "./types.ts";

/**
 * Longest `<project>-<env>`. What a pipeline may call its things follows from it (NAME_ROOM), so that a
 * pipeline file which passes its checks never breaks a service's limit in some environment.
 */
export const MAX_PREFIX = 24;

/** Key under which a pipeline's queue for undeliverable events is named; no queue of its own may have it. */
export const UNDELIVERED = "undelivered";

/**
 * Longest physical name of each service, from its CreateX API: S3 bucket, EventBridge rule, SNS topic, SQS queue,
 * DynamoDB table, RDS instance, Kinesis stream, Firehose delivery stream, Lambda function, API Gateway REST API.
 */
const SERVICE_LIMITS = {
  buckets: 63,
  rules: 64,
  topics: 256,
  queues: 80,
  tables: 255,
  databases: 63,
  streams: 128,
  deliveries: 64,
  functions: 64,
  apis: 128,
} as const satisfies Record<Kind, number>;
const ACCOUNT_SUFFIX = "-123456789012".length;
const DLQ_FIFO_SUFFIX = "-dlq.fifo".length;
/** Ends the name of a delivery's role, which IAM limits to 64 characters too. */
const DELIVERY_ROLE = "-delivery";

/** Characters that `<pipeline>-<key>` may have by kind: the service's limit less prefix and suffixes. */
export const NAME_ROOM = {
  buckets: SERVICE_LIMITS.buckets - MAX_PREFIX - 1 - ACCOUNT_SUFFIX,
  rules: SERVICE_LIMITS.rules - MAX_PREFIX - 1,
  topics: SERVICE_LIMITS.topics - MAX_PREFIX - 1,
  queues: SERVICE_LIMITS.queues - MAX_PREFIX - 1 - DLQ_FIFO_SUFFIX,
  tables: SERVICE_LIMITS.tables - MAX_PREFIX - 1,
  databases: SERVICE_LIMITS.databases - MAX_PREFIX - 1,
  streams: SERVICE_LIMITS.streams - MAX_PREFIX - 1,
  deliveries: SERVICE_LIMITS.deliveries - MAX_PREFIX - 1 - DELIVERY_ROLE.length,
  functions: SERVICE_LIMITS.functions - MAX_PREFIX - 1,
  apis: SERVICE_LIMITS.apis - MAX_PREFIX - 1,
} as const satisfies Record<Kind, number>;

/** What distinguishes one deployment of a pipeline from another. */
export interface Place {
  project: string;
  env: string;
  /** Twelve digits; bucket names are unique in all of AWS, so they end with it. */
  accountId: string;
}

/** Physical names by kind and key. */
export interface PhysicalNames extends Record<Kind, Record<string, string>> {
  /** By the key of the queue they belong to. */
  dlqs: Record<string, string>;
  undelivered: string;
}

/** Names of the IAM roles: a function's is called like the function, a delivery's ends in `-delivery`. */
export function roleNames({ functions, deliveries }: PhysicalNames): { name: string; path: string[] }[] {
  return [
    ...Object.entries(functions).map(([key, name]) => ({ name, path: ["functions", key] })),
    ...Object.entries(deliveries).map(([key, name]) => ({
      name: `${name}${DELIVERY_ROLE}`,
      path: ["deliveries", key],
    })),
  ];
}

/**
 * The names a pipeline's things have in one place: `<project>-<env>-<pipeline>-<key>`, buckets with
 * `-<accountId>`, DLQs with `-dlq`, FIFO queues with `.fifo`. The HCL module `topology` derives the same.
 * @throws InvalidInputError when project and environment together are longer than {@link MAX_PREFIX}.
 */
export function physicalNames(pipeline: Pipeline, { project, env, accountId }: Place): PhysicalNames {
  const prefix = `${project}-${env}`;
  if (prefix.length > MAX_PREFIX) {
    throw new InvalidInputError(
      `Project and environment make names that start with ${prefix}: ${prefix.length} characters, at most ${MAX_PREFIX} fit every service.`,
      { hint: "Choose a shorter `project` in edp.config.json, or a shorter --env." },
    );
  }
  const base = `${prefix}-${pipeline.name}`;
  const named = <T>(things: Record<string, T>, suffix: (thing: T) => string = () => "") =>
    Object.fromEntries(Object.entries(things).map(([key, thing]) => [key, `${base}-${key}${suffix(thing)}`]));
  return {
    buckets: named(pipeline.buckets, () => `-${accountId}`),
    rules: named(pipeline.rules),
    topics: named(pipeline.topics),
    queues: named(pipeline.queues, ({ fifo }) => (fifo ? ".fifo" : "")),
    dlqs: named(pipeline.queues, ({ fifo }) => (fifo ? "-dlq.fifo" : "-dlq")),
    tables: named(pipeline.tables),
    databases: named(pipeline.databases),
    streams: named(pipeline.streams),
    deliveries: named(pipeline.deliveries),
    functions: named(pipeline.functions),
    apis: named(pipeline.apis),
    undelivered: `${base}-${UNDELIVERED}`,
  };
}
