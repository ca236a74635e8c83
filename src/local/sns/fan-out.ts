import { randomUUID } from "node:crypto";
import type { Failure, Outbox, Shipment } from "../delivery/outbox.ts";
import type { Delivery } from "../service.ts";
import { envelope, lambdaEvent, messageFor, type Published } from "./envelope.ts";
import { mail, mailGroupArn } from "./mail.ts";
import { redriveTarget, type Subscription, type Topics } from "./topics.ts";

/** Attempts of SNS for queues and functions: 100,015 over 23 days (https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html). */
const MAXIMUM_ATTEMPTS = 100_015;
const MAXIMUM_AGE_MS = 23 * 86_400_000;

/**
 * Sends a message to every subscription that wants it. Resolves once each has it durably, or it lies in the
 * outbox's log or in the subscription's DLQ.
 */
export async function fanOut(topics: Topics, outbox: Outbox, published: Published): Promise<void> {
  const { endpoint } = outbox.parts;
  const wanted = topics.subscriptionsOf(published.topicArn).filter((subscription) => {
    const filter = topics.filter(subscription);
    return !filter || filter(messageFor(published, subscription.protocol), published.attributes);
  });
  await Promise.all(
    wanted.map((subscription) =>
      outbox.ship({
        targetArn:
          subscription.protocol === "email" ? mailGroupArn(published.topicArn) : subscription.endpoint,
        delivery: deliveryFor(published, subscription, endpoint()),
        dlqArn: redriveTarget(subscription.attributes.RedrivePolicy),
        maximumAttempts: MAXIMUM_ATTEMPTS,
        maximumAgeMs: MAXIMUM_AGE_MS,
        senderArn: subscription.arn,
      }),
    ),
  );
}

function deliveryFor(published: Published, subscription: Subscription, endpoint: string): Delivery {
  const { traceHeader, group, deduplicationId } = published;
  if (subscription.protocol === "email") return { body: mail(published, subscription.endpoint), traceHeader };
  if (subscription.protocol === "lambda") {
    return { body: lambdaEvent(published, subscription, endpoint), traceHeader };
  }
  const rest = { traceHeader, messageGroupId: group, messageDeduplicationId: deduplicationId };
  if (subscription.attributes.RawMessageDelivery?.toLowerCase() === "true") {
    return { body: messageFor(published, "sqs"), attributes: published.attributes, ...rest };
  }
  return { body: envelope(published, subscription, endpoint), ...rest };
}

/** The DLQ's message of an undelivered notification: what the endpoint would have got, and why it didn't. */
export function deadNotification({ delivery, dlqArn }: Shipment, failure: Failure): Delivery {
  const fifo = dlqArn?.endsWith(".fifo") === true;
  return {
    body: delivery.body,
    traceHeader: delivery.traceHeader,
    messageGroupId: fifo ? (delivery.messageGroupId ?? "undelivered") : undefined,
    messageDeduplicationId: fifo ? (delivery.messageDeduplicationId ?? randomUUID()) : undefined,
    attributes: {
      ...delivery.attributes,
      RequestID: { DataType: "String", StringValue: randomUUID() },
      ErrorCode: { DataType: "String", StringValue: failure.code },
      ErrorMessage: { DataType: "String", StringValue: failure.message || failure.code },
    },
  };
}
