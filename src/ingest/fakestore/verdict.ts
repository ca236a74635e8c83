import * as v from "valibot";
import type { Answer } from "./endpoint.ts";

/** Why an event was refused. */
export interface Refusal {
  path: string;
  reason: string;
}

/** What an answer means for the batch that was posted. */
export type Verdict =
  /** Every event has its answer; by index, those that were refused. */
  | { kind: "settled"; refused: Map<number, Refusal> }
  /**
   * Send events again, with the same ids: all of them, or by index those that `told` has nothing of (null: accepted).
   * `everyone` waits where the API as a whole is too busy.
   */
  | {
      kind: "retry";
      reason: string;
      everyone: boolean;
      waitMs: number | null;
      told?: Map<number, Refusal | null>;
    }
  /** Refused as a whole, without saying for which event: halves of it may pass, a single event is refused. */
  | { kind: "split"; refusal: Refusal }
  /** Nothing more will be taken. */
  | { kind: "stop"; why: "key" | "quota" | "gone"; reason: string };

/** The body of 202, 207, 400, 413 and 503 of the function `accept`; what it leaves out is to be sent again. */
const ACCEPT_ANSWER = v.object({
  accepted: v.array(v.object({ index: v.number() })),
  rejected: v.array(v.object({ index: v.number(), path: v.string(), reason: v.string() })),
});

/**
 * Decides what to do after an answer. The gateway's own answers:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 * @param count number of events that were posted
 */
export function judge({ status, body, errorType, retryAfterSeconds }: Answer, count: number): Verdict {
  const said = messageOf(body);
  const waitMs = retryAfterSeconds === null ? null : retryAfterSeconds * 1000;
  if (status === 429) {
    const quota = errorType?.startsWith("LimitExceeded") || /limit exceeded/i.test(said);
    if (quota) return { kind: "stop", why: "quota", reason: said };
    return { kind: "retry", reason: "asks to slow down (429)", everyone: true, waitMs };
  }
  if (status === 403 && !/missing authentication token/i.test(said))
    return { kind: "stop", why: "key", reason: said };
  if (status === 401) return { kind: "stop", why: "key", reason: said };
  if (status === 403 || status === 404) return { kind: "stop", why: "gone", reason: said };
  const answer = v.safeParse(ACCEPT_ANSWER, body);
  if (answer.success) {
    const { accepted, rejected } = answer.output;
    const refused = new Map(rejected.map(({ index, path, reason }) => [index, { path, reason }]));
    const told = new Map<number, Refusal | null>([
      ...accepted.map(({ index }) => [index, null] as const),
      ...refused,
    ]);
    if (told.size === count) return { kind: "settled", refused };
    const reason = `did not take ${count - told.size} of ${count} events (${status})`;
    return { kind: "retry", reason, everyone: status === 503, waitMs, told };
  }
  if (status >= 500) {
    const reason = `answers ${status}${said === "" ? "" : `: ${said}`}`;
    return { kind: "retry", reason, everyone: status === 503, waitMs };
  }
  if (status === 413 || status === 400 || status === 415) {
    return { kind: "split", refusal: { path: "", reason: said || `refused with status ${status}` } };
  }
  return {
    kind: "retry",
    reason: `answers ${status} with something else than edp's API`,
    everyone: false,
    waitMs,
  };
}

/** What a gateway or a function says of a refusal; `error` is the more exact one. */
function messageOf(body: unknown): string {
  if (typeof body === "string") return body.replaceAll(/\s+/g, " ").trim();
  const { error, message } = (body ?? {}) as { error?: unknown; message?: unknown };
  return [error, message].find((text) => typeof text === "string") ?? "";
}
