import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Pause } from "../ingest/pause.ts";
import { queueDepth } from "./queues.ts";

/** PurgeQueue may be called once in 60 s for a queue. */
const PURGE_INTERVAL_MS = 60_000;
const RETRY_MS = 5_000;

export interface PurgeParts {
  pause: Pause;
  now(): number;
  signal: AbortSignal;
  /** Told once when an earlier purge has to be waited for. */
  onWait(): void;
}

/**
 * Deletes every message of a queue. Where the queue was purged less than 60 s ago and still holds messages, which came
 * since then, waits until it may be purged again. A queue that does not exist is empty.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html
 */
export async function purgeQueue(sqs: SQSClient, queueUrl: string, parts: PurgeParts): Promise<void> {
  const { PurgeQueueCommand } = await import("@aws-sdk/client-sqs");
  const deadline = parts.now() + PURGE_INTERVAL_MS + RETRY_MS;
  for (let tries = 0; ; tries++) {
    parts.signal.throwIfAborted();
    try {
      await sqs.send(new PurgeQueueCommand({ QueueUrl: queueUrl }));
      return;
    } catch (error) {
      const { name } = error as Error;
      if (/QueueDoesNotExist|NonExistentQueue/.test(name)) return;
      if (!/PurgeQueueInProgress/.test(name) || parts.now() >= deadline) throw error;
    }
    const depth = await queueDepth(sqs, queueUrl);
    if (!depth || depth.visible + depth.inFlight + depth.delayed === 0) return;
    if (tries === 0) parts.onWait();
    await parts.pause(RETRY_MS, parts.signal);
  }
}
