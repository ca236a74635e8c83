import type { APIGatewayProxyResult } from "aws-lambda";
import type { BodyRefusal } from "./body.ts";
import type { Failures } from "./put.ts";
import type { Transformed } from "./transform.ts";

/** Seconds after which a client should try again. */
const RETRY_AFTER_SECONDS = 2;

/** Body of every answer that tells of single events: each index is in exactly one of the lists. */
export interface Answer {
  accepted: { index: number; eventId: string }[];
  rejected: { index: number; path: string; reason: string }[];
  /** Present with status 503: not in the stream; to be sent again, with the same ids. */
  retry?: { index: number; eventId: string; reason: string }[];
}

/**
 * The answer for checked events of which the stream took all but `failures`: 202 all accepted, 207 some, 400 none
 * (413 where size alone was wrong), 503 when the stream did not take one: then nothing of the request is lost, and
 * what was accepted is listed.
 */
export function answerFor({ records, rejected }: Transformed, failures: Failures): APIGatewayProxyResult {
  const listed = records.flatMap((record) =>
    record.indexes.map((index) => ({ index, eventId: record.eventId, reason: failures.get(record) })),
  );
  const accepted: Answer["accepted"] = [];
  const retry: NonNullable<Answer["retry"]> = [];
  for (const { index, eventId, reason } of listed.sort((a, b) => a.index - b.index)) {
    if (reason === undefined) accepted.push({ index, eventId });
    else retry.push({ index, eventId, reason });
  }
  const body: Answer = {
    accepted,
    rejected: rejected.map(({ index, path, reason }) => ({ index, path, reason })),
    ...(retry.length > 0 ? { retry } : {}),
  };
  const headers: Record<string, string> =
    retry.length > 0 ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {};
  return json(
    statusOf(
      body,
      rejected.every(({ tooLarge }) => tooLarge),
    ),
    body,
    headers,
  );
}

/** The answer to a body that is refused as a whole, in the form in which the gateway refuses one. */
export function refusalAnswer({ status, message }: BodyRefusal): APIGatewayProxyResult {
  const messages = { 400: "Invalid request body", 413: "Request Too Long", 415: "Unsupported Media Type" };
  return json(status, { message: messages[status], error: message });
}

function statusOf({ accepted, rejected, retry }: Answer, sizeAlone: boolean): number {
  if (retry) return 503;
  if (rejected.length === 0) return 202;
  if (accepted.length > 0) return 207;
  return sizeAlone ? 413 : 400;
}

function json(statusCode: number, body: object, headers: Record<string, string> = {}): APIGatewayProxyResult {
  return {
    statusCode,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}
