import type { MessageAttributes } from "../service.ts";

/** Where a message's content lies on disk. */
export interface BodyRef {
  segment: number;
  offset: number;
  length: number;
  crc: number;
}

/** What a message says; kept on disk, read when it is received. */
export interface MessageContent {
  body: string;
  attributes?: MessageAttributes;
  /** AWSTraceHeader. */
  trace?: string;
}

/**
 * Where a message is in its life. `reserved` is between being chosen and the record of it being written;
 * `gone` marks one that is deleted but still lies in some ordering.
 */
export type MessageState = "ready" | "delayed" | "inFlight" | "reserved" | "gone";

/** A message as the queue holds it in memory: everything but its content. */
export interface StoredMessage {
  /** Ordinal in its queue, ascending in the order of arrival. */
  readonly n: number;
  readonly id: string;
  /** SentTimestamp in ms. A standard queue's redrive keeps it, so that retention counts from it. */
  readonly sentAt: number;
  /** When it came into this queue, in ms. */
  readonly arrivedAt: number;
  readonly ref: BodyRef;
  readonly group: string | undefined;
  readonly deduplicationId: string | undefined;
  /** DeadLetterQueueSourceArn, of a message that was redriven. */
  readonly sourceArn: string | undefined;
  /** ApproximateReceiveCount, which a redrive keeps. */
  receives: number;
  /** Receives before it came into this queue; they don't count for this queue's maxReceiveCount. */
  readonly receivesBefore: number;
  firstReceivedAt: number | undefined;
  /** When it can be received (again), in ms. */
  visibleAt: number;
  /** When the current lease began, in ms. */
  leasedAt: number;
  /** Leased by the engine's own poller: visible at once after a restart. */
  engineLease: boolean;
  state: MessageState;
  /** FIFO: taken from its group, which is locked until it comes back or is deleted. */
  taken: boolean;
}

/** A message about to enter a queue. */
export interface Draft {
  id: string;
  content: MessageContent;
  sentAt: number;
  visibleAt: number;
  group?: string;
  deduplicationId?: string;
  sourceArn?: string;
  receives?: number;
  firstReceivedAt?: number;
}

/** A received message. */
export interface LeasedMessage {
  messageId: string;
  receiptHandle: string;
  body: string;
  /** System attributes, every one that the message has. */
  attributes: Record<string, string>;
  messageAttributes: MessageAttributes;
  md5OfBody: string;
}

/** SequenceNumber of a FIFO message: 20 digits, ascending. */
export function sequenceNumber(n: number): string {
  return (18_000_000_000_000_000_000n + BigInt(n) * 256n).toString();
}
