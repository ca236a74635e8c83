import type { SQSClient } from "@aws-sdk/client-sqs";
import pMap from "p-map";
import type { Pause } from "../ingest/pause.ts";
import { queueDepth } from "./queues.ts";

/** PurgeQueue may be called once in 60 s for a queue. */
const PURGE_INTERVAL_MS = 60_000;
const RETRY_MS = 5_000;
/** Most messages of one ReceiveMessage and DeleteMessageBatch. */
const BATCH = 10;
const DRAINS_AT_ONCE = 8;

export interface PurgeParts {
  pause: Pause;
  now(): number;
  signal: AbortSignal;
  /** Told once when messages that others hold have to be waited for. */
  onWait(): void;
}

/**
 * Deletes every message of a queue. Where it was purged less than 60 s ago, what has come since is received and deleted
 * instead; messages that are in flight then are waited for until the queue may be purged again. A queue that does not
 * exist is empty.
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
    await pMap(Array.from({ length: DRAINS_AT_ONCE }), () => drain(sqs, queueUrl, parts.signal));
    const depth = await queueDepth(sqs, queueUrl);
    if (!depth || depth.visible + depth.inFlight + depth.delayed === 0) return;
    if (tries === 0) parts.onWait();
    await parts.pause(RETRY_MS, parts.signal);
  }
}

/** Receives and deletes until nothing comes any more. */
async function drain(sqs: SQSClient, QueueUrl: string, signal: AbortSignal): Promise<void> {
  const { DeleteMessageBatchCommand, ReceiveMessageCommand } = await import("@aws-sdk/client-sqs");
  for (;;) {
    signal.throwIfAborted();
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: BATCH, WaitTimeSeconds: 0 }),
    );
    if (Messages.length === 0) return;
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}
