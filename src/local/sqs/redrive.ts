import { parseRedrivePolicy } from "./attributes.ts";
import type { StoredMessage } from "./message.ts";
import type { Queue } from "./queue.ts";

/**
 * Parts messages that were reserved for a receive: expired ones are deleted, those received maxReceiveCount
 * times go to the DLQ, the others are returned.
 */
export async function sortOut(queue: Queue, reserved: readonly StoredMessage[]): Promise<StoredMessage[]> {
  const now = queue.parts.clock.now();
  const retention = queue.milliseconds("MessageRetentionPeriod");
  const redrive = parseRedrivePolicy(queue.attributes.RedrivePolicy);
  const deadLetterQueue = redrive && queue.parts.queueByArn(redrive.deadLetterTargetArn);
  const expired: StoredMessage[] = [];
  const exhausted: StoredMessage[] = [];
  const fresh: StoredMessage[] = [];
  for (const message of reserved) {
    const received = message.receives - message.receivesBefore;
    if (message.sentAt + retention <= now) expired.push(message);
    else if (redrive && deadLetterQueue && received >= redrive.maxReceiveCount) exhausted.push(message);
    else fresh.push(message);
  }
  await queue.remove(expired);
  if (deadLetterQueue) await moveToDeadLetterQueue(queue, exhausted, deadLetterQueue);
  return fresh;
}

/** First into the DLQ, then out of the queue: a crash in between leaves a duplicate, never a loss. */
async function moveToDeadLetterQueue(
  queue: Queue,
  messages: readonly StoredMessage[],
  target: Queue,
): Promise<void> {
  if (messages.length === 0) return;
  const contents = await queue.contents(messages);
  const now = queue.parts.clock.now();
  await target.insert(
    messages.map((message, index) => ({
      id: message.id,
      content: contents[index] ?? { body: "" },
      // A FIFO queue's retention starts anew with the move, a standard queue's does not.
      sentAt: queue.fifo ? now : message.sentAt,
      visibleAt: now,
      group: message.group,
      deduplicationId: message.deduplicationId,
      sourceArn: queue.arn,
      receives: message.receives,
      firstReceivedAt: message.firstReceivedAt,
    })),
  );
  await queue.remove(messages);
}
