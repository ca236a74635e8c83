import { randomUUID } from "node:crypto";
import { type BusEvent, LOCAL_ACCOUNT, LOCAL_REGION } from "../service.ts";

export type ChangeKind = "Put" | "Copy" | "CompleteMultipartUpload" | "Delete" | "DeleteMarkerCreated";

/** A change of an object that somebody is to be told of; kept in the outbox until everybody was. */
export interface Change {
  kind: ChangeKind;
  bucket: string;
  key: string;
  versionId: string | null;
  sequence: number;
  /** Of a created object. */
  size?: number;
  etag?: string;
  /** Milliseconds since the epoch. */
  time: number;
  requestId: string;
  eventBridge: boolean;
  /** Receivers of classic notifications. */
  targets: { arn: string; configurationId: string }[];
}

/** The engine listens on the loopback interface only. */
const SOURCE_IP = "127.0.0.1";
const REASONS: Record<ChangeKind, string> = {
  Put: "PutObject",
  Copy: "CopyObject",
  CompleteMultipartUpload: "CompleteMultipartUpload",
  Delete: "DeleteObject",
  DeleteMarkerCreated: "DeleteObject",
};

/** The name of a change in notification configurations. */
export function eventName(kind: ChangeKind): string {
  return kind.startsWith("Delete") ? `s3:ObjectRemoved:${kind}` : `s3:ObjectCreated:${kind}`;
}

/** Hexadecimal; comparing two of one key as text tells which change came later. */
export function sequencer(sequence: number): string {
  return sequence.toString(16).toUpperCase().padStart(18, "0");
}

/**
 * The event as S3 sends it to EventBridge; the key is not URL-encoded.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function busEvent(change: Change): BusEvent {
  const deleted = change.kind.startsWith("Delete");
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": deleted ? "Object Deleted" : "Object Created",
    source: "aws.s3",
    account: LOCAL_ACCOUNT,
    time: new Date(change.time).toISOString().replace(/\.\d+Z$/, "Z"),
    region: LOCAL_REGION,
    resources: [`arn:aws:s3:::${change.bucket}`],
    detail: {
      version: "0",
      bucket: { name: change.bucket },
      object: {
        key: change.key,
        ...(deleted ? {} : { size: change.size, etag: change.etag }),
        ...(change.versionId === null ? {} : { "version-id": change.versionId }),
        sequencer: sequencer(change.sequence),
      },
      "request-id": change.requestId,
      requester: LOCAL_ACCOUNT,
      "source-ip-address": SOURCE_IP,
      reason: REASONS[change.kind],
      ...(deleted
        ? { "deletion-type": change.kind === "Delete" ? "Permanently Deleted" : "Delete Marker Created" }
        : {}),
    },
  };
}

/**
 * The classic notification for a queue, topic or function; the key is URL-encoded, with `+` for a space.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function notification(change: Change, configurationId: string): string {
  const created = !change.kind.startsWith("Delete");
  return JSON.stringify({
    Records: [
      {
        eventVersion: "2.1",
        eventSource: "aws:s3",
        awsRegion: LOCAL_REGION,
        eventTime: new Date(change.time).toISOString(),
        eventName: eventName(change.kind).slice("s3:".length),
        userIdentity: { principalId: LOCAL_ACCOUNT },
        requestParameters: { sourceIPAddress: SOURCE_IP },
        responseElements: { "x-amz-request-id": change.requestId, "x-amz-id-2": change.requestId },
        s3: {
          s3SchemaVersion: "1.0",
          configurationId,
          bucket: {
            name: change.bucket,
            ownerIdentity: { principalId: LOCAL_ACCOUNT },
            arn: `arn:aws:s3:::${change.bucket}`,
          },
          object: {
            key: encodeKey(change.key),
            ...(created ? { size: change.size, eTag: change.etag } : {}),
            ...(change.versionId === null ? {} : { versionId: change.versionId }),
            sequencer: sequencer(change.sequence),
          },
        },
      },
    ],
  });
}

/** What S3 sends when a notification is configured, to see that the receiver can be reached. */
export function testEvent(bucket: string, timeMs: number, requestId: string): string {
  return JSON.stringify({
    Service: "Amazon S3",
    Event: "s3:TestEvent",
    Time: new Date(timeMs).toISOString(),
    Bucket: bucket,
    RequestId: requestId,
    HostId: requestId,
  });
}

/** URL-encoding as notifications and `encoding-type=url` use it: slashes stay, a space is `+`. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+");
}
