import type { MessageAttributes } from "../service.ts";

/** A message that an event source mapping holds. It stays invisible to others until its lease ends. */
export interface LeasedMessage {
  messageId: string;
  receiptHandle: string;
  body: string;
  /** System attributes: ApproximateReceiveCount, SentTimestamp, MessageGroupId, AWSTraceHeader and others. */
  attributes: Record<string, string>;
  messageAttributes: MessageAttributes;
  md5OfBody: string;
}

/** What event source mappings need of the queues; the engine's SQS fits it, so neither imports the other. */
export interface QueuePort {
  /** Takes up to `max` messages that are visible now; does not wait. Leases die with the engine's process. */
  poll(queueArn: string, options: { max: number; visibilityMs: number }): Promise<LeasedMessage[]>;
  /** Lets the leases last `visibilityMs` from now. */
  extend(queueArn: string, receiptHandles: string[], visibilityMs: number): Promise<void>;
  /** Deletes the messages for good. */
  remove(queueArn: string, receiptHandles: string[]): Promise<void>;
  /** Gives the messages back: visible again in `delayMs`. */
  release(queueArn: string, receiptHandles: string[], delayMs: number): Promise<void>;
  /** Calls the listener when a message becomes visible. Returns what ends that. */
  onAvailable(queueArn: string, listener: () => void): () => void;
}
