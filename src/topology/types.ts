/**
 * The declaration of one pipeline, `terraform/pipelines/<name>.json`: which things exist and how they are
 * wired. Every field is written out; no reader has defaults of its own. Units are in the field names.
 */
export interface Pipeline {
  $schema: string;
  name: string;
  description: string;
  /** What the tally counts. */
  unit: "object" | "event" | "row";
  buckets: Record<string, Bucket>;
  rules: Record<string, Rule>;
  topics: Record<string, Topic>;
  queues: Record<string, Queue>;
  functions: Record<string, LambdaFunction>;
}

/** Kinds of things, in the order in which readers create them. */
export const KINDS = ["buckets", "rules", "topics", "queues", "functions"] as const;
export type Kind = (typeof KINDS)[number];

export interface Bucket {
  versioned: boolean;
  /** Whether object events go to EventBridge. */
  eventBridge: boolean;
  /** Days after which a replaced object version is deleted; null keeps it. */
  expireNoncurrentDays: number | null;
}

/** An EventBridge rule on the account's default bus. */
export interface Rule {
  /** The bucket whose events it sees; its name is added to the pattern. */
  from: { bucket: string };
  /** Event pattern without the bucket name: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html */
  pattern: Record<string, unknown>;
}

export interface Topic {
  from: { rule: string };
}

/** A queue; its DLQ `<key>-dlq` always exists. */
export interface Queue {
  from: QueueSource[];
  fifo: boolean;
  visibilityTimeoutSeconds: number;
  retentionSeconds: number;
  delaySeconds: number;
  receiveWaitSeconds: number;
  maxReceiveCount: number;
  dlqRetentionSeconds: number;
}

export interface QueueSource {
  topic: string;
  rawMessageDelivery: boolean;
  /** SNS filter policy over message attributes; null takes everything. */
  filterPolicy: Record<string, unknown> | null;
}

export interface LambdaFunction {
  from: QueueTrigger;
  /** Keys of the data things it reads. */
  reads: string[];
  /** Keys of the data things it writes. */
  writes: string[];
  memoryMb: number;
  timeoutSeconds: number;
  /** Plain settings besides what follows from the edges. */
  environment: Record<string, string>;
}

/** An SQS event source mapping. */
export interface QueueTrigger {
  queue: string;
  /** Messages per invocation, 1-10000. */
  batchSize: number;
  batchWindowSeconds: number;
  /** Concurrent invocations, 2-1000. */
  maximumConcurrency: number;
}
