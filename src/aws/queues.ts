import type { SQSClient } from "@aws-sdk/client-sqs";

/** Depth of a queue as SQS reports it; the counts are approximate by nature. */
export interface QueueDepth {
  visible: number;
  inFlight: number;
  delayed: number;
}

/**
 * Counts the messages of a queue (GetQueueAttributes). Null where the queue does not exist.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
 */
export async function queueDepth(sqs: SQSClient, queueUrl: string): Promise<QueueDepth | null> {
  const { GetQueueAttributesCommand, QueueDoesNotExist } = await import("@aws-sdk/client-sqs");
  try {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: [
          "ApproximateNumberOfMessages",
          "ApproximateNumberOfMessagesNotVisible",
          "ApproximateNumberOfMessagesDelayed",
        ],
      }),
    );
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
    };
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return null;
    throw error;
  }
}

/** Receives after which a queue moves a message to its dead-letter queue; infinite where it has none. */
export async function mostReceives(sqs: SQSClient, queueUrl: string): Promise<number> {
  const { GetQueueAttributesCommand } = await import("@aws-sdk/client-sqs");
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["RedrivePolicy"] }),
  );
  const policy = JSON.parse(Attributes?.RedrivePolicy ?? "{}") as { maxReceiveCount?: number | string };
  return Number(policy.maxReceiveCount ?? Number.POSITIVE_INFINITY);
}

/** Name of a queue, the last part of its URL. */
export function queueName(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf("/") + 1);
}
