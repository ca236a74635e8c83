import { AwsError } from "../service.ts";
import { invalidAttributeName, invalidAttributeValue, invalidParameterValue } from "./errors.ts";
import {
  MAXIMUM_DELAY_SECONDS,
  MAXIMUM_MESSAGE_BYTES,
  MAXIMUM_RETENTION_SECONDS,
  MAXIMUM_VISIBILITY_SECONDS,
  MAXIMUM_WAIT_SECONDS,
  MINIMUM_MESSAGE_SIZE_ATTRIBUTE,
  MINIMUM_RETENTION_SECONDS,
} from "./limits.ts";

/** Attributes of every queue and what they are unless set: API_SetQueueAttributes. */
const DEFAULTS: Record<string, string> = {
  DelaySeconds: "0",
  MaximumMessageSize: String(MAXIMUM_MESSAGE_BYTES),
  MessageRetentionPeriod: "345600",
  ReceiveMessageWaitTimeSeconds: "0",
  VisibilityTimeout: "30",
  SqsManagedSseEnabled: "true",
};

const FIFO_DEFAULTS: Record<string, string> = {
  FifoQueue: "true",
  ContentBasedDeduplication: "false",
  DeduplicationScope: "queue",
  FifoThroughputLimit: "perQueue",
};

type Check = (value: string) => boolean;

const whole =
  (minimum: number, maximum: number): Check =>
  (value) =>
    /^\d+$/.test(value) && Number(value) >= minimum && Number(value) <= maximum;
const oneOf =
  (...values: string[]): Check =>
  (value) =>
    values.includes(value);
const json: Check = (value) => value === "" || parse(value) !== undefined;

const CHECKS: Record<string, Check> = {
  DelaySeconds: whole(0, MAXIMUM_DELAY_SECONDS),
  MaximumMessageSize: whole(MINIMUM_MESSAGE_SIZE_ATTRIBUTE, MAXIMUM_MESSAGE_BYTES),
  MessageRetentionPeriod: whole(MINIMUM_RETENTION_SECONDS, MAXIMUM_RETENTION_SECONDS),
  ReceiveMessageWaitTimeSeconds: whole(0, MAXIMUM_WAIT_SECONDS),
  VisibilityTimeout: whole(0, MAXIMUM_VISIBILITY_SECONDS),
  Policy: json,
  RedrivePolicy: json,
  RedriveAllowPolicy: json,
  KmsMasterKeyId: () => true,
  KmsDataKeyReusePeriodSeconds: whole(60, 86_400),
  SqsManagedSseEnabled: oneOf("true", "false"),
  FifoQueue: oneOf("true"),
  ContentBasedDeduplication: oneOf("true", "false"),
  DeduplicationScope: oneOf("queue", "messageGroup"),
  FifoThroughputLimit: oneOf("perQueue", "perMessageGroupId"),
};

/** Attributes that are computed when asked for. */
export const COMPUTED_ATTRIBUTES = [
  "QueueArn",
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
] as const;

/** Whether a name may be asked for in GetQueueAttributes. */
export function isQueueAttribute(name: string): boolean {
  return name === "All" || name in CHECKS || (COMPUTED_ATTRIBUTES as readonly string[]).includes(name);
}

export function defaultAttributes(fifo: boolean): Record<string, string> {
  return fifo ? { ...DEFAULTS, ...FIFO_DEFAULTS } : { ...DEFAULTS };
}

/**
 * Checks attributes to be set on a queue of this name.
 * @throws AwsError InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue
 */
export function checkAttributes(name: string, attributes: Record<string, string>): void {
  const fifo = name.endsWith(".fifo");
  for (const [key, value] of Object.entries(attributes)) {
    const check = Object.hasOwn(CHECKS, key) ? CHECKS[key] : undefined;
    if (!check || (key in FIFO_DEFAULTS && !fifo && key !== "FifoQueue")) throw invalidAttributeName(key);
    if (!check(value)) throw invalidAttributeValue(key);
  }
  if (attributes.FifoQueue === "true" && !fifo) {
    throw invalidParameterValue(
      "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
    );
  }
}

/** Attributes after a change: an empty policy takes the attribute away. */
export function mergeAttributes(
  before: Record<string, string>,
  change: Record<string, string>,
): Record<string, string> {
  const merged = { ...before, ...change };
  for (const key of ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"]) {
    if (merged[key] === "") delete merged[key];
  }
  return merged;
}

export interface RedrivePolicy {
  deadLetterTargetArn: string;
  maxReceiveCount: number;
}

/**
 * Reads a RedrivePolicy attribute; AWS takes maxReceiveCount as a number or as text.
 * @throws AwsError InvalidParameterValue
 */
export function parseRedrivePolicy(value: string | undefined): RedrivePolicy | undefined {
  if (!value) return undefined;
  const policy = parse(value) ?? {};
  const { deadLetterTargetArn } = policy;
  const maxReceiveCount = Number(policy.maxReceiveCount);
  const invalid = (reason: string) =>
    invalidParameterValue(`Value ${value} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
  if (typeof deadLetterTargetArn !== "string") {
    throw invalid("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.");
  }
  if (policy.maxReceiveCount === undefined) {
    throw invalid("Redrive policy does not contain mandatory attribute: maxReceiveCount.");
  }
  if (!Number.isInteger(maxReceiveCount) || maxReceiveCount < 1 || maxReceiveCount > 1000) {
    throw invalid(
      `Invalid value for maxReceiveCount: ${policy.maxReceiveCount}, valid values are from 1 to 1000 both inclusive.`,
    );
  }
  return { deadLetterTargetArn, maxReceiveCount };
}

/**
 * Checks that a DLQ's RedriveAllowPolicy admits a source queue.
 * @throws AwsError InvalidParameterValue
 */
export function checkRedriveAllowed(
  allowPolicy: string | undefined,
  sourceArn: string,
  policy: string,
): void {
  const { redrivePermission = "allowAll", sourceQueueArns = [] } = parse(allowPolicy ?? "") ?? {};
  const listed = Array.isArray(sourceQueueArns) && sourceQueueArns.includes(sourceArn);
  if (redrivePermission === "allowAll" || (redrivePermission === "byQueue" && listed)) return;
  throw new AwsError(
    "InvalidParameterValue",
    `Value ${policy} for parameter RedrivePolicy is invalid. Reason: Source queue does not have permission to use this dead letter target.`,
  );
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON: the caller words the error.
    return undefined;
  }
}
