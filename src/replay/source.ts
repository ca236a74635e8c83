import type { SQSClient } from "@aws-sdk/client-sqs";
import { queueName } from "../aws/queues.ts";
import { NotDeployedError } from "../errors.ts";
import { noSuchQueue } from "./faults.ts";
import { queueAttributes, redriveTarget } from "./queue-attributes.ts";
import type { QueueDestination } from "./routes/route.ts";
import { sourceQueues } from "./source-queues.ts";
import type { ReplaySource } from "./types.ts";

/**
 * Looks at a dead-letter queue: what it is, how much lies in it, and which queues it serves.
 * @throws UsageError when a queue named by `--queue` doesn't exist, NotDeployedError when one of a pipeline is gone.
 */
export async function inspect(
  sqs: SQSClient,
  { url, pipeline }: { url: string; pipeline: string | null },
): Promise<ReplaySource> {
  const attributes = await queueAttributes(sqs, url);
  if (!attributes) {
    if (pipeline === null) throw noSuchQueue("--queue", url);
    throw new NotDeployedError(`${queueName(url)} of pipeline ${pipeline} does not exist any more.`, {
      hint: "Deploy it again: npx edp deploy",
    });
  }
  const arn = attributes.QueueArn ?? "";
  return {
    pipeline,
    url,
    arn,
    name: queueName(url),
    fifo: attributes.FifoQueue === "true",
    kmsKeyId: attributes.KmsMasterKeyId ?? null,
    sources: await sourceQueues(sqs, { url, arn }),
    redrivesTo: redriveTarget(attributes.RedrivePolicy),
    depth: {
      visible: Number(attributes.ApproximateNumberOfMessages),
      inFlight: Number(attributes.ApproximateNumberOfMessagesNotVisible),
      delayed: Number(attributes.ApproximateNumberOfMessagesDelayed),
    },
  };
}

/** The queue that `--to` names. @throws UsageError when it doesn't exist. */
export async function destinationQueue(sqs: SQSClient, url: string): Promise<QueueDestination> {
  const attributes = await queueAttributes(sqs, url);
  if (!attributes) throw noSuchQueue("--to", url);
  return { kind: "queue", url, arn: attributes.QueueArn ?? "", fifo: attributes.FifoQueue === "true" };
}
