import { createHash } from "node:crypto";
import { LOCAL_ACCOUNT } from "../service.ts";
import { type LeasedMessage, type MessageContent, type StoredMessage, sequenceNumber } from "./message.ts";
import type { Queue } from "./queue.ts";
import { encodeHandle } from "./receipt-handle.ts";

/** A leased message as its receiver sees it, with every system attribute that it has (API_ReceiveMessage). */
export function leasedMessage(queue: Queue, message: StoredMessage, content: MessageContent): LeasedMessage {
  const { n, receives } = message;
  return {
    messageId: message.id,
    receiptHandle: encodeHandle({ queueId: queue.id, n, receive: receives }),
    body: content.body,
    md5OfBody: createHash("md5").update(content.body).digest("hex"),
    messageAttributes: content.attributes ?? {},
    attributes: {
      SenderId: LOCAL_ACCOUNT,
      SentTimestamp: String(message.sentAt),
      ApproximateReceiveCount: String(receives),
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
      ...(queue.fifo ? { SequenceNumber: sequenceNumber(n) } : {}),
      ...(message.group === undefined ? {} : { MessageGroupId: message.group }),
      ...(message.deduplicationId === undefined ? {} : { MessageDeduplicationId: message.deduplicationId }),
      ...(message.sourceArn === undefined ? {} : { DeadLetterQueueSourceArn: message.sourceArn }),
      ...(content.trace === undefined ? {} : { AWSTraceHeader: content.trace }),
    },
  };
}
