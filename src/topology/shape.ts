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

const Bucket = fields({
  versioned: v.boolean(),
  eventBridge: v.boolean(),
  expireNoncurrentDays: v.nullable(integer(1, 3650)),
});

const Rule = fields({ from: fields({ bucket: v.string() }), pattern: object });

const Topic = fields({ from: fields({ rule: v.string() }) });

/** Ranges: SetQueueAttributes. A maxReceiveCount below 5 sends messages to the DLQ that were only throttled. */
const Queue = fields({
  from: v.array(
    fields({ topic: v.string(), rawMessageDelivery: v.boolean(), filterPolicy: v.nullable(object) }),
  ),
  fifo: v.boolean(),
  visibilityTimeoutSeconds: integer(0, 43_200),
  retentionSeconds: integer(60, 1_209_600),
  delaySeconds: integer(0, 900),
  receiveWaitSeconds: integer(0, 20),
  maxReceiveCount: integer(5, 1000),
  dlqRetentionSeconds: integer(60, 1_209_600),
});

/** Ranges: CreateFunction, CreateEventSourceMapping. */
const LambdaFunction = fields({
  from: fields({
    queue: v.string(),
    batchSize: integer(1, 10_000),
    batchWindowSeconds: integer(0, 300),
    maximumConcurrency: integer(2, 1000),
  }),
  reads: v.array(v.string()),
  writes: v.array(v.string()),
  memoryMb: integer(128, 10_240),
  timeoutSeconds: integer(1, 900),
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
  functions: things(LambdaFunction),
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
