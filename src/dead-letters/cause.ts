import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { CAUSE_ATTRIBUTE } from "../lambda/shared/dead-letters.ts";

/** Why a message lies in a dead-letter queue; each part null where nobody says. */
export interface Cause {
  errorCode: string | null;
  /** Path of the value at fault, e.g. `tracks[3].duration_ms`; empty when it is the whole. */
  path: string | null;
  message: string | null;
}

/** Who says so: the function in the message, its log, or the service that gave the delivery up. */
export type CauseOrigin = "edp-cause" | "log" | "eventbridge" | "lambda";

/** A cause with what is known of the attempt that ended in it. */
export interface Evidence {
  cause: Cause;
  origin: CauseOrigin | null;
  /** Name of the function, its invocation's request id, and when; null where unknown. */
  function: string | null;
  requestId: string | null;
  /** ISO 8601 in UTC. */
  time: string | null;
}

export const UNKNOWN_CAUSE: Cause = { errorCode: null, path: null, message: null };

type Attributes = Record<string, MessageAttributeValue>;

/** Text of a message attribute, null where it isn't there. */
export function attributeText(attributes: Attributes, name: string): string | null {
  return attributes[name]?.StringValue ?? null;
}

/** What EventBridge puts on an event that it could not deliver: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html */
export function isFromEventBridge(attributes: Attributes): boolean {
  return "RULE_ARN" in attributes && "TARGET_ARN" in attributes;
}

/** What Lambda puts on an event whose invocations failed: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
export function isFromLambda(attributes: Attributes): boolean {
  return "RequestID" in attributes && "ErrorMessage" in attributes;
}

/** Reads the cause that a message carries. A message that came by plain redrive carries none. */
export function readEvidence(attributes: Attributes): Evidence {
  const text = (name: string) => attributeText(attributes, name);
  const given = text(CAUSE_ATTRIBUTE);
  if (given !== null) return readCauseAttribute(given);
  if (isFromEventBridge(attributes)) {
    const cause = { errorCode: text("ERROR_CODE"), path: null, message: text("ERROR_MESSAGE") };
    return { cause, origin: "eventbridge", function: null, requestId: null, time: null };
  }
  if (isFromLambda(attributes)) {
    const code = text("ErrorCode");
    const cause = {
      errorCode: code === null ? null : `LAMBDA_${code}`,
      path: null,
      message: text("ErrorMessage"),
    };
    return { cause, origin: "lambda", function: null, requestId: text("RequestID"), time: null };
  }
  return { cause: UNKNOWN_CAUSE, origin: null, function: null, requestId: null, time: null };
}

/** Anything may have been put there; what is no JSON object is taken as the message. */
function readCauseAttribute(text: string): Evidence {
  const given = parseObject(text);
  const field = (name: string) => {
    const value = given?.[name];
    return typeof value === "string" ? value : null;
  };
  const cause = given
    ? { errorCode: field("errorCode"), path: field("path"), message: field("message") }
    : { ...UNKNOWN_CAUSE, message: text };
  return {
    cause,
    origin: "edp-cause",
    function: field("function"),
    requestId: field("requestId"),
    time: field("time"),
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON: the caller takes the text as it is.
    return undefined;
  }
}
