import { LOCAL_REGION } from "../service.ts";
import type { LeasedMessage } from "./queue-port.ts";

/** One message as it lies in the event: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export function sqsRecord(message: LeasedMessage, queueArn: string) {
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: message.attributes,
    messageAttributes: Object.fromEntries(
      Object.entries(message.messageAttributes).map(([name, attribute]) => [
        name,
        {
          ...(attribute.StringValue === undefined ? {} : { stringValue: attribute.StringValue }),
          ...(attribute.BinaryValue === undefined ? {} : { binaryValue: attribute.BinaryValue }),
          stringListValues: [],
          binaryListValues: [],
          dataType: attribute.DataType,
        },
      ]),
    ),
    md5OfBody: message.md5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: LOCAL_REGION,
  };
}

/** What a handler's answer means for its batch. */
export interface BatchOutcome {
  succeeded: LeasedMessage[];
  failed: LeasedMessage[];
  /** Why the whole batch failed, where it did. */
  reason?: string;
}

/**
 * Reads a handler's answer under ReportBatchItemFailures. Nothing named, or nothing answered, is the success
 * of all; an answer that cannot be understood, or names an unknown message, is the failure of all:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 * @param payload JSON text that the handler returned.
 */
export function batchOutcome(payload: string, messages: LeasedMessage[]): BatchOutcome {
  const named = failedIds(payload);
  if (typeof named === "string") return allFailed(messages, named);
  const known = new Set(messages.map((message) => message.messageId));
  for (const id of named) {
    if (!known.has(id))
      return allFailed(messages, `batchItemFailures names ${id}, which is not in the batch`);
  }
  return {
    succeeded: messages.filter((message) => !named.has(message.messageId)),
    failed: messages.filter((message) => named.has(message.messageId)),
  };
}

export function allFailed(messages: LeasedMessage[], reason: string): BatchOutcome {
  return { succeeded: [], failed: messages, reason };
}

/** The ids that the answer names, or why it is invalid. */
function failedIds(payload: string): Set<string> | string {
  if (payload.trim() === "") return new Set();
  let answer: unknown;
  try {
    answer = JSON.parse(payload);
  } catch {
    return "the handler's answer is not JSON";
  }
  if (answer === null) return new Set();
  if (typeof answer !== "object" || Array.isArray(answer)) return "the handler's answer is not an object";
  const items = (answer as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(items)) return "batchItemFailures is not a list";
  const ids = items.map((item: unknown) => (item as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  const wrong = ids.findIndex((id) => typeof id !== "string" || id === "");
  if (wrong !== -1) return `batchItemFailures[${wrong}].itemIdentifier is missing or empty`;
  return new Set(ids as string[]);
}
