import { type ObjectVersion, unwrapObjectEvents } from "../lambda/shared/object-events.ts";

/**
 * How a message came to its dead-letter queue, and so where it has to go back:
 * - `sqs`: a queue's message as its producer sent it
 * - `sns`: a notification that had reached a subscribed queue
 * - `sns-dlq`: a notification that SNS could not deliver to a subscription
 * - `eventbridge`: an event that a rule had put into a queue
 * - `eventbridge-dlq`: an event that EventBridge could not deliver to a target
 * - `s3`: a bucket notification that S3 had put into a queue
 * - `lambda-async`: the event of an asynchronous invocation whose attempts all failed
 */
export type Envelope = "sqs" | "sns" | "sns-dlq" | "eventbridge" | "eventbridge-dlq" | "s3" | "lambda-async";

/** The SNS envelope: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
export interface SnsNotification {
  Type: "Notification";
  MessageId: string;
  TopicArn: string;
  Message: string;
  Timestamp: string;
  MessageAttributes?: Record<string, { Type: string; Value: string }>;
}

type JsonObject = Record<string, unknown>;

/** The text parsed where it is JSON, else the text itself. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Bodies may be anything.
    return text;
  }
}

export function isSnsNotification(body: unknown): body is SnsNotification {
  const { Type, TopicArn, Message } = asObject(body);
  return Type === "Notification" && typeof TopicArn === "string" && typeof Message === "string";
}

export function isEventBridgeEvent(body: unknown): boolean {
  const { source, detail, "detail-type": type } = asObject(body);
  return typeof type === "string" && typeof source === "string" && detail !== undefined;
}

/** Also S3's test event, which it sends when a notification is set up. */
export function isS3Notification(body: unknown): boolean {
  const { Records, Event, Service } = asObject(body);
  if (Event === "s3:TestEvent") return Service === "Amazon S3";
  return Array.isArray(Records) && asObject(Records[0]).eventSource === "aws:s3";
}

/**
 * What the message is about, parsed: the body with every envelope off that hides JSON in a text. That is the
 * SNS envelope, in a queue and in a Lambda's event, however often.
 */
export function innermost(body: unknown): unknown {
  if (isSnsNotification(body)) return innermost(parsed(body.Message));
  const { Records } = asObject(body);
  if (Array.isArray(Records) && Records.length === 1) {
    const { Message } = asObject(asObject(Records[0]).Sns);
    if (typeof Message === "string") return innermost(parsed(Message));
  }
  return body;
}

/** Id under which the event is known outside the queue: EventBridge's, else that of the SNS notification. */
export function eventIdOf(body: unknown): string | null {
  const payload = innermost(body);
  const { id } = asObject(payload);
  if (isEventBridgeEvent(payload) && typeof id === "string") return id;
  return isSnsNotification(body) ? body.MessageId : null;
}

/** Object versions that the message tells of; none where it isn't about objects. */
export function objectsOf(payload: unknown): ObjectVersion[] {
  // What is neither would only be refused, at the price of an error for each letter.
  if (!isEventBridgeEvent(payload) && !isS3Notification(payload)) return [];
  try {
    return unwrapObjectEvents(JSON.stringify(payload)).map(({ bucket, key, version }) => ({
      bucket,
      key,
      version,
    }));
  } catch {
    // Anything can lie in a dead-letter queue; what is no object's event explains no object.
    return [];
  }
}

function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null ? (value as JsonObject) : {};
}
