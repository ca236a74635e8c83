import type { Failure, Outbox, Shipment } from "../delivery/outbox.ts";
import type { BusEvent, Delivery, MessageAttributes } from "../service.ts";
import { inputFor } from "./input.ts";
import { type Rules, ruleArn } from "./rules.ts";

/** EventBridge's defaults (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html). */
const MAXIMUM_RETRY_ATTEMPTS = 185;
const MAXIMUM_EVENT_AGE_SECONDS = 86_400;

/** EventBridge's own codes for what the target answered; others count as the SDK's. */
const ERROR_CODES: Record<string, string> = {
  QueueDoesNotExist: "NO_RESOURCE",
  NotFound: "NO_RESOURCE",
  ResourceNotFoundException: "NO_RESOURCE",
  AccessDenied: "NO_PERMISSIONS",
  InvalidParameter: "INVALID_PARAMETER",
  InvalidParameterValue: "INVALID_PARAMETER",
  MissingParameter: "INVALID_PARAMETER",
  ThrottlingException: "THROTTLING",
  InternalError: "INTERNAL_ERROR",
};

/**
 * Sends an event to every target of every rule it matches. Resolves once each target has it durably, or it
 * lies in the outbox's log or in the target's DLQ.
 */
export async function dispatch(
  rules: Rules,
  outbox: Outbox,
  bus: string,
  event: BusEvent,
  traceHeader?: string,
): Promise<void> {
  const shipments = rules.matching(bus, event).flatMap((rule) => {
    const senderArn = ruleArn(rule);
    return rule.targets.map(
      (target): Shipment => ({
        targetArn: target.arn,
        delivery: {
          body: inputFor(event, target, { arn: senderArn, name: rule.name }),
          messageGroupId: target.messageGroupId,
          // A FIFO target without content-based deduplication would refuse it otherwise.
          messageDeduplicationId: target.messageGroupId === undefined ? undefined : event.id,
          traceHeader,
        },
        dlqArn: target.dlqArn,
        maximumAttempts: target.maximumRetryAttempts ?? MAXIMUM_RETRY_ATTEMPTS,
        maximumAgeMs: (target.maximumEventAgeInSeconds ?? MAXIMUM_EVENT_AGE_SECONDS) * 1000,
        senderArn,
        original: JSON.stringify(event),
      }),
    );
  });
  await Promise.all(shipments.map((shipment) => outbox.ship(shipment)));
}

/**
 * The DLQ's message of an undelivered event: the event, and attributes that say why
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html).
 */
export function deadEvent(shipment: Shipment, failure: Failure): Delivery {
  const attributes: Record<string, string | undefined> = {
    RULE_ARN: shipment.senderArn,
    TARGET_ARN: shipment.targetArn,
    ERROR_CODE: ERROR_CODES[failure.code] ?? "SDK_CLIENT_ERROR",
    ERROR_MESSAGE: failure.message,
    EXHAUSTED_RETRY_CONDITION: failure.exhausted,
    RETRY_ATTEMPTS: String(failure.retries),
  };
  return {
    body: shipment.original ?? shipment.delivery.body,
    attributes: textAttributes(attributes),
    traceHeader: shipment.delivery.traceHeader,
  };
}

/** String attributes of those texts that are there. */
function textAttributes(texts: Record<string, string | undefined>): MessageAttributes {
  const some = Object.entries(texts).filter(([, text]) => text !== undefined && text !== "");
  return Object.fromEntries(some.map(([name, StringValue]) => [name, { DataType: "String", StringValue }]));
}
