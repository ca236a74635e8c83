import { queueTrigger } from "../../topology/from.ts";
import type { Pipeline, Queue } from "../../topology/types.ts";
import { arn, type KindOnEngine, nameOf } from "./site.ts";

/** Declared visibility timeouts are divided by this locally: a retry should not take minutes at a desk. */
const VISIBILITY_SCALE = 100;
/** Seconds after an invocation's deadline until nothing of it, claims included, can still be held. */
const SETTLED_SECONDS = 10;
/** The longest that SQS keeps a message: SetQueueAttributes. */
const MAX_RETENTION_SECONDS = 1_209_600;

/** Queues with their DLQs, and the pipeline's queue for what could not be delivered. */
export const queues: KindOnEngine = {
  async provision({ services: { sqs }, pipeline, names, request }) {
    await sqs.createQueue(names.undelivered, { MessageRetentionPeriod: String(MAX_RETENTION_SECONDS) });
    for (const [key, queue] of Object.entries(pipeline.queues)) {
      const dlq = await sqs.createQueue(nameOf(names.dlqs, key), {
        MessageRetentionPeriod: String(queue.dlqRetentionSeconds),
        ...(queue.fifo ? { FifoQueue: "true" } : {}),
      });
      await sqs.createQueue(nameOf(names.queues, key), {
        ...queueAttributes(queue, visibilitySeconds(pipeline, key, request.awsTiming)),
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: dlq.arn,
          maxReceiveCount: queue.maxReceiveCount,
        }),
      });
    }
  },
  names: ({ names }) => [...Object.values(names.queues), ...Object.values(names.dlqs), names.undelivered],
  async remove({ sqs }, names) {
    for (const name of names) await sqs.removeQueue(arn("sqs", name));
  },
  holding({ sqs }, names) {
    const depths = new Map(sqs.gauges().map((gauge) => [gauge.queueName, gauge]));
    return names.flatMap((name) => {
      const { visible = 0, inFlight = 0, delayed = 0 } = depths.get(name) ?? {};
      const messages = visible + inFlight + delayed;
      return messages > 0 ? [`${name} (${messages} messages)`] : [];
    });
  },
};

function queueAttributes(queue: Queue, visibility: number): Record<string, string> {
  return {
    VisibilityTimeout: String(visibility),
    MessageRetentionPeriod: String(queue.retentionSeconds),
    DelaySeconds: String(queue.delaySeconds),
    ReceiveMessageWaitTimeSeconds: String(queue.receiveWaitSeconds),
    ...(queue.fifo ? { FifoQueue: "true" } : {}),
  };
}

/**
 * The scaled visibility timeout, long enough that a message whose function crashed outlives the claims of the
 * crashed invocation with a receive to spare, instead of going to the DLQ for want of patience.
 */
export function visibilitySeconds({ queues, functions }: Pipeline, key: string, awsTiming: boolean): number {
  const queue = queues[key];
  if (!queue) throw new Error(`there is no queue ${key}`);
  const declared = queue.visibilityTimeoutSeconds;
  if (awsTiming) return declared;
  const consumer = Object.values(functions).find((one) => queueTrigger(one)?.queue === key);
  const settled = consumer ? (consumer.timeoutSeconds + SETTLED_SECONDS) / (queue.maxReceiveCount - 1) : 0;
  return Math.min(declared, Math.ceil(Math.max(settled, declared / VISIBILITY_SCALE)));
}
