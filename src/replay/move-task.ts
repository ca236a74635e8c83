import type { SQSClient } from "@aws-sdk/client-sqs";
import { EdpError, EXIT } from "../errors.ts";

export interface MoveResult {
  moved: number;
}

export interface MoveOptions {
  /** Waits between two looks at the task; injected so that tests don't sleep. */
  sleep(milliseconds: number): Promise<void>;
  signal: AbortSignal;
}

const POLL_MS = 200;

/**
 * Moves every message of a DLQ to its queue, by SQS itself, and waits until that is done. The queue has to be
 * named: SQS does not know the origin of a message that a function sent to the DLQ.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 * @throws EdpError MOVE_FAILED with the reason that SQS gives.
 */
export async function moveMessages(
  sqs: SQSClient,
  queues: { dlqUrl: string; queueUrl: string },
  options: MoveOptions,
): Promise<MoveResult> {
  const { GetQueueAttributesCommand, ListMessageMoveTasksCommand, StartMessageMoveTaskCommand } =
    await import("@aws-sdk/client-sqs");
  const arnOf = async (QueueUrl: string) => {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
    );
    return Attributes?.QueueArn;
  };
  const [SourceArn, DestinationArn] = await Promise.all([arnOf(queues.dlqUrl), arnOf(queues.queueUrl)]);
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }));
  for (;;) {
    options.signal.throwIfAborted();
    const { Results = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }));
    const [task] = Results;
    if (task?.Status === "COMPLETED") return { moved: task.ApproximateNumberOfMessagesMoved ?? 0 };
    if (task?.Status === "FAILED" || task?.Status === "CANCELLED") {
      throw new EdpError(
        "MOVE_FAILED",
        EXIT.partlyDone,
        `Moving messages out of ${queues.dlqUrl} ended as ${task.Status}: ${task.FailureReason ?? "no reason given"}.`,
      );
    }
    await options.sleep(POLL_MS);
  }
}
