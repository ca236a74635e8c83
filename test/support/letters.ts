import type { MessageAttributeValue } from "@aws-sdk/client-sqs";

/** EventBridge's event of an object version that was created, as S3 sends it. */
export function objectCreated(key: string, overrides: { id?: string; version?: string } = {}) {
  return {
    version: "0",
    id: overrides.id ?? "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    source: "aws.s3",
    account: "000000000000",
    time: "2026-11-21T03:00:00Z",
    region: "us-east-1",
    resources: ["arn:aws:s3:::bronze"],
    detail: {
      version: "0",
      bucket: { name: "bronze" },
      object: {
        key,
        size: 5,
        etag: "b1946ac92492d2347c6235b4d2611184",
        "version-id": overrides.version ?? "v1",
        sequencer: "00617F08299329D189",
      },
      "request-id": "N4N7GDK58NMKJ12R",
      requester: "000000000000",
      reason: "PutObject",
    },
  };
}

/** A body in the envelope that SNS puts around what it delivers to a queue. */
export function snsNotification(
  message: unknown,
  attributes?: Record<string, { Type: string; Value: string }>,
): string {
  return JSON.stringify({
    Type: "Notification",
    MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    TopicArn: "arn:aws:sns:us-east-1:000000000000:landed",
    Message: typeof message === "string" ? message : JSON.stringify(message),
    Timestamp: "2026-11-21T03:00:01.000Z",
    SignatureVersion: "1",
    Signature: "x",
    MessageAttributes: attributes,
  });
}

/** The attribute with which a function says why it gave a message up. */
export function causeAttribute(cause: Record<string, unknown>): Record<string, MessageAttributeValue> {
  return { "edp-cause": { DataType: "String", StringValue: JSON.stringify(cause) } };
}

/** Text attributes of a message. */
export function textAttributes(texts: Record<string, string>): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
  );
}
