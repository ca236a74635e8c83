import type { ListMessageMoveTasksResultEntry, SQSClient } from "@aws-sdk/client-sqs";
import { EdpError, EXIT, InterruptedError } from "../errors.ts";
import type { Pause } from "../ingest/pause.ts";

export interface MoveResult {
  moved: number;
}

export interface MoveOptions {
  /** Waits between two looks at the task. */
  pause: Pause;
  /** Cancels the task when aborted; what was moved stays moved. */
  signal: AbortSignal;
  /** MaxNumberOfMessagesPerSecond, 1 to 500; SQS chooses where it is absent. */
  rate?: number | undefined;
  onProgress(moved: number): void;
}

const POLL_MS = 200;

/**
 * Moves every message of a DLQ, by SQS itself, and waits until that is done. Without `queueUrl` each goes back to the
 * queue it came from; SQS doesn't know that of a message that a function sent to the DLQ, so then it must be named.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 * @throws EdpError MOVE_FAILED with the reason that SQS gives, MOVE_UNSUPPORTED where the endpoint knows no move
 *   tasks; InterruptedError after the task was cancelled.
 */
export async function moveMessages(
  sqs: SQSClient,
  queues: { dlqUrl: string; queueUrl?: string | undefined },
  options: MoveOptions,
): Promise<MoveResult> {
  const { GetQueueAttributesCommand, ListMessageMoveTasksCommand, StartMessageMoveTaskCommand } =
    await import("@aws-sdk/client-sqs");
  const arnOf = async (QueueUrl: string | undefined) => {
    if (QueueUrl === undefined) return undefined;
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
    );
    return Attributes?.QueueArn;
  };
  const [SourceArn, DestinationArn] = await Promise.all([arnOf(queues.dlqUrl), arnOf(queues.queueUrl)]);
  const handle = await start(() =>
    sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn,
        DestinationArn,
        MaxNumberOfMessagesPerSecond: options.rate,
      }),
    ),
  );
  for (let cancelled = false; ; ) {
    const { Results = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }));
    const [task] = Results;
    const moved = task?.ApproximateNumberOfMessagesMoved ?? 0;
    options.onProgress(moved);
    if (task?.Status === "COMPLETED") return { moved };
    if (task?.Status === "CANCELLED" && cancelled) {
      throw new InterruptedError(
        `Interrupted: ${moved} messages were moved, the others are where they were.`,
      );
    }
    if (task?.Status === "FAILED" || task?.Status === "CANCELLED") throw ended(queues.dlqUrl, task);
    if (options.signal.aborted && !cancelled) {
      cancelled = true;
      await cancel(sqs, handle);
    }
    // Once it is cancelled, its end is waited for as calmly as before.
    await options.pause(POLL_MS, cancelled ? undefined : options.signal).catch((error: unknown) => {
      if (!options.signal.aborted) throw error;
    });
  }
}

async function start(call: () => Promise<{ TaskHandle?: string }>): Promise<string | undefined> {
  try {
    return (await call()).TaskHandle;
  } catch (error) {
    const { name, message } = error as Error;
    if (/UnsupportedOperation|InvalidAction|UnknownOperation|NotImplemented|501/.test(`${name} ${message}`)) {
      throw new EdpError(
        "MOVE_UNSUPPORTED",
        EXIT.usage,
        `This endpoint has no StartMessageMoveTask: ${message}`,
        {
          hint: "Leave --native away: edp moves the messages itself.",
          cause: error,
        },
      );
    }
    throw error;
  }
}

/** A task that has ended meanwhile can't be cancelled any more, which is as well. */
async function cancel(sqs: SQSClient, TaskHandle: string | undefined): Promise<void> {
  const { CancelMessageMoveTaskCommand, ResourceNotFoundException } = await import("@aws-sdk/client-sqs");
  try {
    await sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
}

function ended(dlqUrl: string, { Status, FailureReason }: ListMessageMoveTasksResultEntry): EdpError {
  return new EdpError(
    "MOVE_FAILED",
    EXIT.partlyDone,
    `Moving messages out of ${dlqUrl} ended as ${Status}: ${FailureReason ?? "no reason given"}.`,
  );
}
