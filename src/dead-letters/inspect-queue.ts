import type { SQSClient } from "@aws-sdk/client-sqs";
import { queueName } from "../aws/queues.ts";
import { NotDeployedError, UsageError } from "../errors.ts";
import { isConnectionError } from "../ingest/patience.ts";

/** Names under which SQS and emulators say that a queue is not there. */
const GONE = /^(QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue|NonExistentQueue)$/;

/**
 * Makes sure that a queue named by its URL can be looked through without harm. A queue with a redrive policy of its
 * own can't: each look is a receive, and messages received too often would be moved away.
 * @throws UsageError for such a queue; NotDeployedError (exit 7) where it doesn't exist or nothing answers
 */
export async function checkDeadLetterQueue(sqs: SQSClient, queueUrl: string): Promise<void> {
  const { GetQueueAttributesCommand } = await import("@aws-sdk/client-sqs");
  let redrivePolicy: string | undefined;
  try {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["RedrivePolicy"] }),
    );
    redrivePolicy = Attributes?.RedrivePolicy;
  } catch (error) {
    if (GONE.test((error as Error).name)) {
      throw new NotDeployedError(`There is no queue ${queueUrl}.`, {
        code: "QUEUE_NOT_FOUND",
        hint: "Check account, region and name; `aws sqs list-queues` shows those that there are.",
        cause: error,
      });
    }
    if (isConnectionError(error)) {
      throw new NotDeployedError(`Nothing answers at ${new URL(queueUrl).origin}.`, {
        hint: "Start the engine or emulator that the queue is in, or check the URL.",
        cause: error,
      });
    }
    throw error;
  }
  if (!redrivePolicy) return;
  const { deadLetterTargetArn = "", maxReceiveCount } = JSON.parse(redrivePolicy) as {
    deadLetterTargetArn?: string;
    maxReceiveCount?: number;
  };
  throw new UsageError(
    `${queueName(queueUrl)} is not looked into: it has a redrive policy, so its messages would move away after ${maxReceiveCount} looks.`,
    { hint: `Give its dead-letter queue instead: ${deadLetterTargetArn.split(":").at(-1)}` },
  );
}
