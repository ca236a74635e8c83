import { GetQueueAttributesCommand, QueueDoesNotExist, type SQSClient } from "@aws-sdk/client-sqs";

/** All attributes of a queue; undefined where there is none. */
export async function queueAttributes(
  sqs: SQSClient,
  QueueUrl: string,
): Promise<Record<string, string> | undefined> {
  try {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
    );
    return Attributes;
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return undefined;
    throw error;
  }
}

/** ARN of the dead-letter queue that a redrive policy names. */
export function redriveTarget(policy: string | undefined): string | null {
  if (!policy) return null;
  return (JSON.parse(policy) as { deadLetterTargetArn?: string }).deadLetterTargetArn ?? null;
}
