import * as v from "valibot";
import type { Fault } from "./faults.ts";
import type { Pipeline } from "./types.ts";

const KEY = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and -, starting with a letter"),
);
const nonEmpty = v.pipe(v.string(), v.nonEmpty("must not be empty"));
const integer = (least: number, most: number) => {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
};

/** Keys that valibot drops from a record without a word. */
const DROPPED = ["constructor", "prototype", "__proto__"];
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const object = v.pipe(
  v.custom<Record<string, unknown>>(isObject, "must be an object"),
  v.check(
    (value) => !DROPPED.some((key) => Object.hasOwn(value, key)),
    `must not have a key called ${DROPPED.join(", ")}`,
  ),
);
// valibot's own objects and records would take an array too.
const fields = <T extends v.ObjectEntries>(entries: T) => v.pipe(object, v.strictObject(entries));
const things = <T extends v.GenericSchema>(thing: T) => v.pipe(object, v.record(KEY, thing));
/** Takes one of several outlines, told apart by the field that only it has. */
const exactlyOne = <T extends Record<string, v.GenericSchema<unknown, object>>>(outlines: T) => {
  const names = Object.keys(outlines);
  const none = v.custom<never>(() => false, `must have exactly one of ${names.join(" and ")}`);
  const choose = (input: unknown): v.GenericSchema<unknown, object> => {
    if (!isObject(input)) return object;
    const [name = "", ...more] = names.filter((one) => Object.hasOwn(input, one));
    return (more.length === 0 && outlines[name]) || none;
  };
  return v.lazy(choose) as v.GenericSchema<unknown, v.InferOutput<T[keyof T]>>;
};

/** CreateTable, AttributeDefinition. */
const attributeName = v.pipe(nonEmpty, v.maxLength(255, "must be at most 255 characters"));
/** What a prefix can name: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html */
const PARTITION_KEY = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be letters, digits and _, not starting with a digit"),
);
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

const Bucket = fields({
  versioned: v.boolean(),
  eventBridge: v.boolean(),
  expireNoncurrentDays: v.nullable(integer(1, 3650)),
  uploadPrefix: v.nullable(
    // It stands in the resource of a policy, where these would be wildcards or variables.
    v.pipe(v.string(), v.regex(/^[^*?$]+$/, "must be a prefix without *, ? and $, and not empty")),
  ),
});

const Rule = fields({ from: fields({ bucket: v.string() }), pattern: object });

const Topic = fields({ from: v.nullable(fields({ rule: v.string() })), email: v.boolean() });

const TopicSource = fields({
  topic: v.string(),
  rawMessageDelivery: v.boolean(),
  filterPolicy: v.nullable(object),
});
const BucketSource = fields({ bucket: v.string(), prefix: v.string(), suffix: v.string() });

/** Ranges: SetQueueAttributes. A maxReceiveCount below 5 sends messages to the DLQ that were only throttled. */
const Queue = fields({
  from: v.array(exactlyOne({ topic: TopicSource, bucket: BucketSource })),
  fifo: v.boolean(),
  visibilityTimeoutSeconds: integer(0, 43_200),
  retentionSeconds: integer(60, 1_209_600),
  delaySeconds: integer(0, 900),
  receiveWaitSeconds: integer(0, 20),
  maxReceiveCount: integer(5, 1000),
  dlqRetentionSeconds: integer(60, 1_209_600),
});

const KeyAttribute = fields({
  name: attributeName,
  type: v.picklist(["S", "N", "B"], "must be S, N or B"),
});
const keys = { hashKey: KeyAttribute, rangeKey: v.nullable(KeyAttribute) };

const Table = fields({
  ...keys,
  indexes: things(fields(keys)),
  ttlAttribute: v.nullable(attributeName),
  pointInTimeRecovery: v.boolean(),
});

/** Ranges: CreateDBInstance; storage of type gp3. */
const Database = fields({
  engine: v.picklist(["postgres"], "must be postgres"),
  version: v.pipe(v.string(), v.regex(/^\d{2}$/, "must be a major version such as 17")),
  instanceClass: v.pipe(
    v.string(),
    v.regex(/^db\.[a-z0-9-]+\.[a-z0-9]+$/, "must be an instance class such as db.t4g.small"),
  ),
  storageGb: integer(20, 65_536),
  maxStorageGb: integer(20, 65_536),
  backupRetentionDays: integer(0, 35),
});

/** Ranges: CreateStream, IncreaseStreamRetentionPeriod. */
const Stream = fields({ shards: v.nullable(integer(1, 10_000)), retentionHours: integer(24, 8760) });

/** Ranges: CreateDeliveryStream, BufferingHints. */
const Delivery = fields({
  from: fields({ stream: v.string() }),
  to: fields({ bucket: v.string(), prefix: v.string(), errorPrefix: v.string() }),
  partitionKeys: v.pipe(object, v.record(PARTITION_KEY, v.string())),
  bufferMb: integer(1, 128),
  bufferSeconds: integer(0, 900),
  compression: v.picklist(["GZIP", "UNCOMPRESSED"], "must be GZIP or UNCOMPRESSED"),
});

/** Ranges: quotas of API Gateway, https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const Api = fields({
  stage: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,128}$/, "must be 1 to 128 letters, digits, - or _")),
  rateLimit: integer(1, 10_000),
  burstLimit: integer(1, 5000),
  quotaPerDay: v.nullable(integer(1, 1_000_000_000)),
});

const QueueTrigger = fields({
  queue: v.string(),
  batchSize: integer(1, 10_000),
  batchWindowSeconds: integer(0, 300),
  maximumConcurrency: integer(2, 1000),
});
const ApiTrigger = fields({
  api: v.string(),
  method: v.picklist(METHODS, `must be ${METHODS.join(", ")}`),
  path: v.string(),
  apiKeyRequired: v.boolean(),
  requestModel: v.nullable(object),
});

/** Ranges: CreateFunction, CreateEventSourceMapping. */
const LambdaFunction = fields({
  from: exactlyOne({ queue: QueueTrigger, api: ApiTrigger }),
  reads: v.array(v.string()),
  writes: v.array(v.string()),
  memoryMb: integer(128, 10_240),
  timeoutSeconds: integer(1, 900),
  ephemeralStorageMb: integer(512, 10_240),
  environment: v.pipe(object, v.record(v.string(), v.string())),
});

const PipelineShape = fields({
  $schema: v.string(),
  name: KEY,
  description: nonEmpty,
  unit: v.picklist(["object", "event", "row"], "must be object, event or row"),
  buckets: things(Bucket),
  rules: things(Rule),
  topics: things(Topic),
  queues: things(Queue),
  tables: things(Table),
  databases: things(Database),
  streams: things(Stream),
  deliveries: things(Delivery),
  functions: things(LambdaFunction),
  apis: things(Api),
}) satisfies v.GenericSchema<unknown, Pipeline>;

/**
 * Checks fields and their types, all of them; what holds between things is for {@link checkPipeline}.
 * @returns the faults, and the pipeline as far as it is whole enough to be checked further: ranges may be
 * exceeded in it and unknown fields are gone.
 */
export function readShape(json: unknown): { pipeline?: Pipeline; faults: Fault[] } {
  const faults: Fault[] = [];
  const known = structuredClone(json);
  let result = v.safeParse(PipelineShape, known);
  // An object's first unknown field hides its other ones, and hides that the rest is sound.
  for (let unknown = unknownFields(result); unknown.length > 0; unknown = unknownFields(result)) {
    for (const issue of unknown) {
      faults.push({ path: pathOf(issue), message: "is not a known field" });
      remove(issue);
    }
    result = v.safeParse(PipelineShape, known);
  }
  for (const issue of result.issues ?? []) faults.push({ path: pathOf(issue), message: describe(issue) });
  return result.typed ? { pipeline: result.output, faults } : { faults };
}

function unknownFields({ issues }: v.SafeParseResult<typeof PipelineShape>): v.BaseIssue<unknown>[] {
  return (issues ?? []).filter(({ type, expected }) => type === "strict_object" && expected === "never");
}

function remove({ path }: v.BaseIssue<unknown>): void {
  const last = path?.at(-1);
  if (last?.type === "object") delete last.input[last.key];
}

function pathOf(issue: v.BaseIssue<unknown>): (string | number)[] {
  return (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
}

function describe(issue: v.BaseIssue<unknown>): string {
  const onKey = issue.path?.at(-1)?.origin === "key";
  if (issue.type === "strict_object" && onKey) {
    return "is missing: every field has to be written out";
  }
  // Our own messages begin in lower case; valibot's "Invalid type: ..." do not.
  if (/^[a-z]/.test(issue.message)) return issue.message;
  return `must be ${EXPECTED[issue.expected ?? ""] ?? issue.expected}, not ${issue.received}`;
}

const EXPECTED: Record<string, string> = {
  string: "a string",
  boolean: "true or false",
  Array: "an array",
};
