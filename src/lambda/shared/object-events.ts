import { PermanentFault } from "./faults.ts";

/** One version of an object in S3. */
export interface ObjectVersion {
  bucket: string;
  key: string;
  /** The version id, or `etag:<etag>` in a bucket without versions. */
  version: string;
}

/** An object version has been created. */
export interface ObjectEvent extends ObjectVersion {
  /** When, ISO 8601 in UTC. */
  time: string;
  /** Bytes, as the event says; 0 where it doesn't. */
  size: number;
  /** EventBridge's id of the event; absent in S3's own notifications, which have none. */
  id?: string;
}

interface S3Notification {
  eventName: string;
  eventTime: string;
  s3: {
    bucket: { name: string };
    object: { key: string; size?: number; versionId?: string; eTag?: string };
  };
}

interface EventBridgeEvent {
  id?: string;
  time: string;
  "detail-type": string;
  detail: {
    bucket: { name: string };
    object: { key: string; size?: number; etag?: string; "version-id"?: string };
  };
}

/**
 * Takes the S3 events out of a queue message: an EventBridge event or an S3 notification, bare or as the
 * `Message` of an SNS envelope. S3's test event, sent when a notification is set up, gives none.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * @throws PermanentFault NOT_AN_EVENT
 */
export function unwrapObjectEvents(body: string): ObjectEvent[] {
  const message = parseObject(body);
  if (message.Type === "Notification" && typeof message.Message === "string") {
    return unwrapObjectEvents(message.Message);
  }
  if (message.Event === "s3:TestEvent") return [];
  if (Array.isArray(message.Records)) return message.Records.map(fromNotification);
  if (typeof message["detail-type"] === "string") return [fromEventBridge(message)];
  throw new PermanentFault("NOT_AN_EVENT", "Neither an EventBridge event nor an S3 notification.");
}

function fromEventBridge(message: Record<string, unknown>): ObjectEvent {
  const event = message as unknown as EventBridgeEvent;
  if (event["detail-type"] !== "Object Created") {
    throw new PermanentFault(
      "NOT_AN_EVENT",
      `expected detail-type "Object Created", got "${event["detail-type"]}"`,
    );
  }
  const { bucket, object } = event.detail ?? {};
  return checked({
    bucket: bucket?.name,
    key: object?.key,
    version: versionOf(object?.["version-id"], object?.etag),
    time: event.time,
    size: object?.size ?? 0,
    id: event.id,
  });
}

function fromNotification(record: S3Notification): ObjectEvent {
  const { bucket, object } = record?.s3 ?? {};
  if (!record?.eventName?.startsWith("ObjectCreated:")) {
    throw new PermanentFault("NOT_AN_EVENT", `expected an ObjectCreated record, got "${record?.eventName}"`);
  }
  return checked({
    bucket: bucket?.name,
    // Unlike EventBridge, notifications have the key form-encoded.
    key: decodeKey(object?.key),
    version: versionOf(object?.versionId, object?.eTag),
    time: record.eventTime,
    size: object?.size ?? 0,
  });
}

function versionOf(id: string | undefined, etag: string | undefined): string {
  return id ?? `etag:${etag ?? ""}`;
}

function decodeKey(key: string | undefined): string | undefined {
  try {
    return key === undefined ? undefined : decodeURIComponent(key.replaceAll("+", " "));
  } catch (error) {
    throw new PermanentFault(
      "NOT_AN_EVENT",
      `The key ${key} is not URL-encoded: ${(error as Error).message}`,
    );
  }
}

function checked(event: Partial<ObjectEvent>): ObjectEvent {
  const { bucket, key, version, time, size, id } = event;
  if (
    typeof bucket !== "string" ||
    typeof key !== "string" ||
    typeof version !== "string" ||
    version === "etag:"
  ) {
    throw new PermanentFault(
      "NOT_AN_EVENT",
      "The event lacks the bucket's name, or the object's key and version.",
    );
  }
  const ms = typeof time === "string" ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(ms)) throw new PermanentFault("NOT_AN_EVENT", `The event's time is no timestamp: ${time}`);
  return {
    bucket,
    key,
    version,
    time: new Date(ms).toISOString(),
    size: typeof size === "number" ? size : 0,
    ...(typeof id === "string" ? { id } : {}),
  };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw new PermanentFault("NOT_AN_EVENT", `The message is not JSON: ${(error as Error).message}`);
  }
  throw new PermanentFault("NOT_AN_EVENT", "The message is no JSON object.");
}
