import type { CauseOrigin } from "./cause.ts";
import type { Envelope } from "./envelope.ts";
import type { Letter, LetterView } from "./letter.ts";

/** What is shown of a dead letter: all but its body. */
export interface LetterRow extends Omit<LetterView, "body" | "payload"> {
  /** Seconds since it was sent first; null where unknown. */
  ageSeconds: number | null;
  envelope: Envelope;
  eventId: string | null;
  causeFrom: CauseOrigin | null;
  /** The function that gave it up, and the invocation's request id; null where unknown. */
  function: string | null;
  requestId: string | null;
}

/** @param now milliseconds since the epoch */
export function rowOf(letter: Letter, now: number): LetterRow {
  const { attributes, cause, source, receiveCount, sentAt, messageId, envelope, eventId, evidence } = letter;
  const age = sentAt === null ? null : Math.max(0, Math.round((now - Date.parse(sentAt)) / 1000));
  return {
    messageId,
    ageSeconds: age,
    sentAt,
    receiveCount,
    source,
    eventId,
    cause,
    causeFrom: evidence.origin,
    function: evidence.function,
    requestId: evidence.requestId,
    envelope,
    attributes,
  };
}

/** What the letter is about, for people: its object, else its event, else its message. */
export function subjectOf(row: Pick<LetterRow, "source" | "eventId" | "messageId">): string {
  return row.source.key ?? row.eventId ?? row.messageId;
}
