import { canonicalJson } from "../json.ts";
import type { RejectedInput } from "../source.ts";

/** Endpoint of the Fake Store API, and the type of event that each of its entities becomes. */
export const ENTITY_TYPES = { products: "product", carts: "cart", users: "user" } as const;
export type EntityKind = keyof typeof ENTITY_TYPES;

/** What the API takes: an event of a type, with its data. */
export interface EventDraft {
  type: string;
  data: unknown;
  /** Absent where the source has none: then one is made before the first send. */
  eventId?: string;
  /** Where it came from: a file with its line, a path of the Fake Store; null where it was generated. */
  origin: string | null;
}

/** Where events come from. Yielded as they come, so that a source of any size needs little memory. */
export interface EventSource {
  /** Number of events, where it is known beforehand. */
  readonly total?: number;
  drafts(reject: (input: RejectedInput) => void): AsyncIterable<EventDraft> | Iterable<EventDraft>;
}

/** An event as it is sent, again and again with the same id if need be. */
export interface OutgoingEvent {
  eventId: string;
  type: string;
  /** `{"type":...,"eventId":...,"data":...}` */
  json: string;
  /** Of the JSON in UTF-8. */
  bytes: number;
  origin: string | null;
}

/** The longest event id: those of clients are kept, and land in manifests and objects. */
const MAX_ID_LENGTH = 128;
/** Digits of the number that ends a made id, so that ids sort. */
const NUMBER_DIGITS = 7;

/**
 * Gives every event its id and its bytes before the first send, so that a repeated request repeats the ids, too.
 * Ids are made of the run's id and the event's number; those that the source gave are kept.
 * @param reject takes what cannot be sent: no id of an event is used twice
 */
export async function* outgoingEvents(
  source: EventSource,
  idPrefix: string,
  reject: (input: RejectedInput) => void,
): AsyncGenerator<OutgoingEvent> {
  const given = new Set<string>();
  let number = 0;
  for await (const draft of source.drafts(reject)) {
    const origin = draft.origin;
    const eventId = draft.eventId ?? `${idPrefix}-${String(++number).padStart(NUMBER_DIGITS, "0")}`;
    const fault = draft.eventId === undefined ? undefined : faultOfId(draft.eventId, given);
    if (fault !== undefined) {
      reject({ file: origin ?? eventId, reason: fault, status: "failed" });
      continue;
    }
    const json = serialize({ type: draft.type, eventId, data: draft.data });
    if (json === undefined)
      reject({ file: origin ?? eventId, reason: "is nested too deeply", status: "failed" });
    else yield { eventId, type: draft.type, json, bytes: Buffer.byteLength(json), origin };
  }
}

function faultOfId(eventId: string, given: Set<string>): string | undefined {
  if (eventId === "" || eventId.length > MAX_ID_LENGTH) {
    return `its eventId must have 1 to ${MAX_ID_LENGTH} characters`;
  }
  if (given.has(eventId)) return `its eventId ${JSON.stringify(eventId)} was used before`;
  given.add(eventId);
  return undefined;
}

/** A password's name wherever it may stand in JSON; inside of a text it does no harm to look closer. */
const PASSWORD_NAME = /"password"/i;
const PASSWORD = /^password$/i;

/**
 * An event as JSON, without passwords: the Fake Store's users have them in plain text, and neither the wire nor a file
 * of refused events is a place for them. Undefined where the event is nested too deeply.
 */
function serialize(event: { type: string; eventId: string; data: unknown }): string | undefined {
  try {
    const json = toJson(event);
    return PASSWORD_NAME.test(json) ? toJson(withoutPasswords(event)) : json;
  } catch {
    return undefined;
  }
}

/** @throws RangeError for what is nested too deeply */
function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    // Integers beyond 2^53 were read as bigint, which JSON.stringify refuses.
    return canonicalJson(value);
  }
}

function withoutPasswords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPasswords);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !PASSWORD.test(name));
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutPasswords(member)]));
}
