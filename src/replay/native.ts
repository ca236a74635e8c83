import type { SQSClient } from "@aws-sdk/client-sqs";
import { lookThrough } from "../dead-letters/look.ts";
import { UsageError } from "../errors.ts";
import { type MoveOptions, moveMessages } from "./move-task.ts";
import type { ReplaySource } from "./types.ts";

const HINT = "Leave --native away: edp then sends each message back where it came from.";

/**
 * Moves a dead-letter queue by SQS itself (StartMessageMoveTask), which knows nothing of causes and counts.
 * @param to the queue that everything goes to; undefined for where each message came from
 * @throws UsageError where SQS could not move all of it rightly: the queue serves no other queue, or holds messages
 *   that were sent to it with a cause
 */
export async function moveNatively(
  sqs: SQSClient,
  source: ReplaySource,
  to: string | undefined,
  options: MoveOptions & { waitSeconds: number; parallel: number; now(): number },
): Promise<number> {
  if (source.sources.length === 0) {
    throw new UsageError(
      `--native: ${source.name} is the dead-letter queue of no SQS queue, and SQS moves only those.`,
      {
        hint: HINT,
      },
    );
  }
  // To be sure of every message, every message is looked at; the first one that SQS can't place ends it.
  for await (const letter of lookThrough(sqs, source.url, options)) {
    if (letter.evidence.origin !== null || letter.raw.Attributes?.DeadLetterQueueSourceArn === undefined) {
      throw new UsageError(
        `--native: ${source.name} holds messages that were not put there by redrive (${letter.messageId}: ${letter.cause.errorCode ?? "no cause"}), and SQS doesn't know where those came from.`,
        { hint: HINT },
      );
    }
  }
  const { moved } = await moveMessages(sqs, { dlqUrl: source.url, queueUrl: to }, options);
  return moved;
}
