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
  tables: Record<string, Table>;
  databases: Record<string, Database>;
  streams: Record<string, Stream>;
  deliveries: Record<string, Delivery>;
  functions: Record<string, LambdaFunction>;
  apis: Record<string, Api>;
}

/** Kinds of things, in the order in which readers create them. */
export const KINDS = [
  "buckets",
  "rules",
  "topics",
  "queues",
  "tables",
  "databases",
  "streams",
  "deliveries",
  "functions",
  "apis",
] as const;
export type Kind = (typeof KINDS)[number];

export interface Bucket {
  versioned: boolean;
  /** Whether object events go to EventBridge. */
  eventBridge: boolean;
  /** Days after which a replaced object version is deleted; null keeps it. */
  expireNoncurrentDays: number | null;
  /** Prefix under which principals named at deployment may put objects, and nothing else; null for none. */
  uploadPrefix: string | null;
}

/** An EventBridge rule on the account's default bus. */
export interface Rule {
  /** The bucket whose events it sees; its name is added to the pattern. */
  from: { bucket: string };
  /** Event pattern without the bucket name: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html */
  pattern: Record<string, unknown>;
}

export interface Topic {
  /** What publishes to it; null: functions do. */
  from: { rule: string } | null;
  /** Whether the addresses given at deployment get its messages by e-mail. */
  email: boolean;
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

export type QueueSource = TopicSource | BucketSource;

/** An SNS subscription of the queue. */
export interface TopicSource {
  topic: string;
  rawMessageDelivery: boolean;
  /** SNS filter policy over message attributes; null takes everything. */
  filterPolicy: Record<string, unknown> | null;
}

/** S3 event notifications, `s3:ObjectCreated:*`, straight to the queue. */
export interface BucketSource {
  bucket: string;
  /** Of the keys it hears of; "" for all. */
  prefix: string;
  suffix: string;
}

/** A DynamoDB table: on demand and encrypted, always. */
export interface Table {
  hashKey: KeyAttribute;
  rangeKey: KeyAttribute | null;
  /** Global secondary indexes, each with every attribute. */
  indexes: Record<string, TableIndex>;
  /** Attribute with the time in seconds since 1970 after which an item goes; null keeps items. */
  ttlAttribute: string | null;
  pointInTimeRecovery: boolean;
}

export interface TableIndex {
  hashKey: KeyAttribute;
  rangeKey: KeyAttribute | null;
}

export interface KeyAttribute {
  name: string;
  type: "S" | "N" | "B";
}

/** A PostgreSQL server with one database, called by its key: RDS on AWS, a real server beside the local engine. */
export interface Database {
  engine: "postgres";
  /** Major version, `17`. */
  version: string;
  instanceClass: string;
  storageGb: number;
  /** Up to which the storage grows by itself. */
  maxStorageGb: number;
  backupRetentionDays: number;
}

/** A Kinesis data stream. */
export interface Stream {
  /** null: on demand. */
  shards: number | null;
  retentionHours: number;
}

/** A Firehose delivery stream from a Kinesis stream to S3. */
export interface Delivery {
  from: { stream: string };
  /** Prefixes with AWS's own expressions: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html */
  to: { bucket: string; prefix: string; errorPrefix: string };
  /** JQ path, such as `.type`, by the name that `prefix` uses; {} for no dynamic partitioning. */
  partitionKeys: Record<string, string>;
  bufferMb: number;
  bufferSeconds: number;
  compression: "GZIP" | "UNCOMPRESSED";
}

/** An API Gateway REST API with an API key, a usage plan and one stage; its routes are the functions `from` it. */
export interface Api {
  stage: string;
  /** Requests per second. */
  rateLimit: number;
  burstLimit: number;
  quotaPerDay: number | null;
}

export interface LambdaFunction {
  from: QueueTrigger | ApiTrigger;
  /** Keys of the data things it reads. */
  reads: string[];
  /** Keys of the data things it writes. */
  writes: string[];
  memoryMb: number;
  timeoutSeconds: number;
  /** Size of /tmp, 512-10240. */
  ephemeralStorageMb: number;
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

/** A route of an API that invokes the function. */
export interface ApiTrigger {
  api: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/events`, `/events/{id}`. */
  path: string;
  apiKeyRequired: boolean;
  /** JSON schema, draft 4, that a body must meet; null takes any. */
  requestModel: Record<string, unknown> | null;
}
