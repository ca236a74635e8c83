import { invalid } from "./parameters.ts";
import type { Cursor, StoredEvent } from "./store/event.ts";

/** A place in the order of events as a token that clients hand back. */
export function cursorToken({ timestamp, position }: Cursor): string {
  return Buffer.from(`${timestamp}.${position.segment}.${position.offset}`).toString("base64url");
}

/** @throws AwsError InvalidParameterException for a token that is not one of ours. */
export function cursorOf(token: string): Cursor {
  const match = /^(-?\d+)\.(\d+)\.(\d+)$/.exec(Buffer.from(token, "base64url").toString("latin1"));
  if (!match) throw invalid("The specified nextToken is invalid.");
  const [timestamp = 0, segment = 0, offset = 0] = match.slice(1).map(Number);
  return { timestamp, position: { segment, offset } };
}

/** 56 digits, as AWS gives them: time, segment and offset, so it is unique and stays the same. */
export function eventId({ timestamp, position }: StoredEvent): string {
  const { segment, offset } = position;
  return [
    String(Math.max(0, timestamp)).padStart(16, "0"),
    String(segment).padStart(16, "0"),
    String(offset).padStart(24, "0"),
  ].join("");
}
