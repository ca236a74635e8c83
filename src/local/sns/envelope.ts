import type { MessageAttributes } from "../service.ts";
import type { Subscription } from "./topics.ts";

/** A published message, as every subscription of its topic gets it. */
export interface Published {
  messageId: string;
  topicArn: string;
  subject: string | undefined;
  /** By protocol where MessageStructure is json. */
  message: { default: string; [protocol: string]: string };
  attributes: MessageAttributes;
  /** ISO 8601. */
  timestamp: string;
  group?: string;
  deduplicationId?: string;
  sequenceNumber?: string;
  traceHeader?: string;
}

/** The engine signs nothing; the text says so to whoever looks. */
const SIGNATURE = Buffer.from("not signed: edp local engine").toString("base64");

/** The text of a message for one protocol. */
export function messageFor({ message }: Published, protocol: string): string {
  return message[protocol] ?? message.default;
}

/**
 * The SNS envelope as queues get it
 * (https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html, http-notification-json.html).
 */
export function envelope(published: Published, subscription: Subscription, endpoint: string): string {
  const attributes = notificationAttributes(published.attributes);
  return JSON.stringify({
    Type: "Notification",
    MessageId: published.messageId,
    SequenceNumber: published.sequenceNumber,
    TopicArn: published.topicArn,
    Subject: published.subject,
    Message: messageFor(published, subscription.protocol),
    Timestamp: published.timestamp,
    SignatureVersion: "1",
    Signature: SIGNATURE,
    SigningCertURL: `${endpoint}/SimpleNotificationService-local.pem`,
    UnsubscribeURL: unsubscribeUrl(subscription, endpoint),
    MessageAttributes: Object.keys(attributes).length > 0 ? attributes : undefined,
  });
}

/** The event of a function's invocation (https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html). */
export function lambdaEvent(published: Published, subscription: Subscription, endpoint: string): string {
  return JSON.stringify({
    Records: [
      {
        EventVersion: "1.0",
        EventSubscriptionArn: subscription.arn,
        EventSource: "aws:sns",
        Sns: {
          SignatureVersion: "1",
          Timestamp: published.timestamp,
          Signature: SIGNATURE,
          SigningCertUrl: `${endpoint}/SimpleNotificationService-local.pem`,
          MessageId: published.messageId,
          Message: messageFor(published, subscription.protocol),
          MessageAttributes: notificationAttributes(published.attributes),
          Type: "Notification",
          UnsubscribeUrl: unsubscribeUrl(subscription, endpoint),
          TopicArn: published.topicArn,
          Subject: published.subject ?? null,
        },
      },
    ],
  });
}

function unsubscribeUrl(subscription: Subscription, endpoint: string): string {
  return `${endpoint}/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`;
}

function notificationAttributes(
  attributes: MessageAttributes,
): Record<string, { Type: string; Value: string }> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      { Type: DataType, Value: StringValue ?? BinaryValue ?? "" },
    ]),
  );
}
