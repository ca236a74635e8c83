import { checkAccess } from "./check-access.ts";
import type { Fault } from "./faults.ts";
import { queueTrigger } from "./from.ts";
import type { LambdaFunction, Pipeline, Queue, QueueTrigger } from "./types.ts";

/** Largest batch without a batch window: CreateEventSourceMapping, BatchSize. */
const MAX_BATCH_WITHOUT_WINDOW = 10;
/** Visibility timeout by function timeout: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY_FACTOR = 6;
/** What Lambda accepts as the name of a variable: CreateFunction, Environment. */
const VARIABLE = /^[A-Za-z][A-Za-z0-9_]+$/;
/** Set by Lambda, by edp, or by what follows from the edges. */
const RESERVED_VARIABLE = /^(AWS|LAMBDA|EDP|BUCKET|QUEUE|DLQ|TOPIC|STREAM|DELIVERY|TABLE|DATABASE|API)_/i;

/** What a function demands of its queue, of the things it reads and writes, and of its settings. */
export function checkFunctions(pipeline: Pipeline): Fault[] {
  const fedBy = new Map<string, string>();
  return Object.entries(pipeline.functions).flatMap(([key, declared]) => {
    const path = ["functions", key];
    const faults = [...checkAccess(pipeline, declared, path), ...checkEnvironment(declared, path)];
    const trigger = queueTrigger(declared);
    if (!trigger) return faults;
    const queue = Object.hasOwn(pipeline.queues, trigger.queue) ? pipeline.queues[trigger.queue] : undefined;
    if (queue) faults.push(...checkTrigger(declared, trigger, queue, path));
    else faults.push({ path: [...path, "from", "queue"], message: `there is no queue ${trigger.queue}` });
    const other = fedBy.get(trigger.queue);
    if (other) {
      const message = `${trigger.queue} already feeds the function ${other}: two would take each other's messages`;
      faults.push({ path: [...path, "from", "queue"], message });
    }
    fedBy.set(trigger.queue, key);
    return faults;
  });
}

function checkTrigger(
  { timeoutSeconds }: LambdaFunction,
  from: QueueTrigger,
  queue: Queue,
  path: readonly string[],
): Fault[] {
  const faults: Fault[] = [];
  const least = VISIBILITY_FACTOR * timeoutSeconds + from.batchWindowSeconds;
  if (queue.visibilityTimeoutSeconds < least) {
    faults.push({
      path: ["queues", from.queue, "visibilityTimeoutSeconds"],
      message: `must be at least ${least}: ${VISIBILITY_FACTOR} x the timeout of the function ${path.at(-1)} (${timeoutSeconds}) + its batch window (${from.batchWindowSeconds})`,
    });
  }
  if (queue.fifo && from.batchWindowSeconds > 0) {
    const message = `must be 0: ${from.queue} is a FIFO queue, which has no batch window`;
    faults.push({ path: [...path, "from", "batchWindowSeconds"], message });
  }
  if (queue.fifo && from.batchSize > MAX_BATCH_WITHOUT_WINDOW) {
    const message = `must be at most ${MAX_BATCH_WITHOUT_WINDOW}: ${from.queue} is a FIFO queue`;
    faults.push({ path: [...path, "from", "batchSize"], message });
  }
  if (!queue.fifo && from.batchSize > MAX_BATCH_WITHOUT_WINDOW && from.batchWindowSeconds < 1) {
    const message = `must be at least 1 for a batch of more than ${MAX_BATCH_WITHOUT_WINDOW}`;
    faults.push({ path: [...path, "from", "batchWindowSeconds"], message });
  }
  return faults;
}

function checkEnvironment({ environment }: LambdaFunction, path: readonly string[]): Fault[] {
  return Object.keys(environment).flatMap((name) => {
    const at = [...path, "environment", name];
    if (!VARIABLE.test(name)) {
      return [{ path: at, message: "must be letters, digits and _, starting with a letter, two at least" }];
    }
    if (!RESERVED_VARIABLE.test(name)) return [];
    return [{ path: at, message: "is reserved: Lambda or edp sets variables with this beginning" }];
  });
}
