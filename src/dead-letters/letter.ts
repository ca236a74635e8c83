import type { Message } from "@aws-sdk/client-sqs";
import type { ObjectVersion } from "../lambda/shared/object-events.ts";
import { type Cause, type Evidence, isFromEventBridge, isFromLambda, readEvidence } from "./cause.ts";
import {
  type Envelope,
  eventIdOf,
  innermost,
  isEventBridgeEvent,
  isS3Notification,
  isSnsNotification,
  objectsOf,
  parsed,
} from "./envelope.ts";

/** What `--where` and `--edit` see of a dead letter. */
export interface LetterView {
  /** Parsed where it is JSON, else the text. */
  body: unknown;
  /** The body with its SNS envelope off, parsed. */
  payload: unknown;
  /** Message attributes as text, binary ones in base64; those inside an SNS envelope count too. */
  attributes: Record<string, string>;
  cause: Cause;
  /** The object version it is about; every field null where it is about none. */
  source: { bucket: string | null; key: string | null; version: string | null };
  /** Receives so far, looks included. */
  receiveCount: number;
  /** When it was sent first, ISO 8601 in UTC; null where the queue doesn't say. */
  sentAt: string | null;
  messageId: string;
}

/** A message of a dead-letter queue, read. */
export interface Letter extends LetterView {
  envelope: Envelope;
  /** Id of the EventBridge event or SNS notification inside; null where there is none. */
  eventId: string | null;
  /** Every object version it tells of: an S3 notification may hold several. */
  objects: ObjectVersion[];
  evidence: Evidence;
  /** The message as it was received. */
  raw: Message;
}

/** Reads a message of any dead-letter queue. Never throws: what is not recognised is a text with envelope `sqs`. */
export function readLetter(raw: Message): Letter {
  const body = parsed(raw.Body ?? "");
  const payload = innermost(body);
  const objects = objectsOf(payload);
  const evidence = readEvidence(raw.MessageAttributes ?? {});
  const [object] = objects;
  const sent = Number(raw.Attributes?.SentTimestamp);
  return {
    body,
    payload,
    attributes: attributesOf(raw, body),
    cause: evidence.cause,
    source: {
      bucket: object?.bucket ?? null,
      key: object?.key ?? null,
      version: object?.version ?? null,
    },
    receiveCount: Number(raw.Attributes?.ApproximateReceiveCount ?? 0),
    sentAt: Number.isFinite(sent) ? new Date(sent).toISOString() : null,
    messageId: raw.MessageId ?? "",
    envelope: envelopeOf(raw, body, evidence),
    eventId: eventIdOf(body),
    objects,
    evidence,
    raw,
  };
}

/** The same letter with a cause that came from elsewhere, e.g. the function's log. */
export function withEvidence(letter: Letter, evidence: Evidence): Letter {
  return { ...letter, evidence, cause: evidence.cause };
}

/** The letter as `--where` sees it. */
export function viewOf(letter: Letter): LetterView {
  const { body, payload, attributes, cause, source, receiveCount, sentAt, messageId } = letter;
  return { body, payload, attributes, cause, source, receiveCount, sentAt, messageId };
}

function envelopeOf(raw: Message, body: unknown, evidence: Evidence): Envelope {
  const attributes = raw.MessageAttributes ?? {};
  if (isFromEventBridge(attributes)) return "eventbridge-dlq";
  if (isFromLambda(attributes)) return "lambda-async";
  if (isSnsNotification(body)) {
    // SNS says nothing on what it could not deliver; but what has been in a queue carries a trace of it.
    const wasInQueue = evidence.origin === "edp-cause" || raw.Attributes?.DeadLetterQueueSourceArn;
    return wasInQueue ? "sns" : "sns-dlq";
  }
  if (isEventBridgeEvent(body)) return "eventbridge";
  return isS3Notification(body) ? "s3" : "sqs";
}

function attributesOf(raw: Message, body: unknown): Record<string, string> {
  const attributes: Record<string, string> = {};
  if (isSnsNotification(body)) {
    for (const [name, { Value }] of Object.entries(body.MessageAttributes ?? {})) {
      attributes[name] = String(Value);
    }
  }
  for (const [name, { StringValue, BinaryValue }] of Object.entries(raw.MessageAttributes ?? {})) {
    attributes[name] = StringValue ?? Buffer.from(BinaryValue ?? []).toString("base64");
  }
  return attributes;
}
