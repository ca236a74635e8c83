import * as v from "valibot";
import { canonicalJson, contentId } from "./canonical.ts";
import { clean } from "./clean.ts";
import { Rejection } from "./rejection.ts";
import { entityOf, eventId, isOwnField, SCHEMA_VERSION, StoreEvent } from "./schema.ts";

/** Largest event in the stream, in bytes: less than the 1,000 KiB that Firehose takes. */
export const MAX_EVENT_BYTES = 900 * 1024;
/** What a reason shows of a value. */
const MAX_REASON_LENGTH = 300;

/** What goes to the stream for one event. */
export interface StreamRecord {
  eventId: string;
  partitionKey: string;
  /** One line of JSON with its newline, in UTF-8. */
  data: Buffer;
  /** Indexes of the posted events that it stands for; several where one was posted twice. */
  indexes: number[];
}

export interface Rejected {
  index: number;
  path: string;
  reason: string;
  tooLarge: boolean;
  /** What the event says it is, for the log. */
  type: string | null;
}

export interface Transformed {
  records: StreamRecord[];
  rejected: Rejected[];
}

export interface TransformOptions {
  /** Value of the header `Idempotency-Key`. */
  idempotencyKey: string | undefined;
  /** Whether an array was posted: its events get the key with their index. */
  several: boolean;
  /** ISO 8601. */
  receivedAt: string;
}

/**
 * Checks posted events and makes a record of each. An event's id is its own `eventId`, else the `Idempotency-Key`,
 * else made from its content, so that a repeated request repeats its ids. An id that occurs twice stands for one
 * event where the content is equal, and is refused the second time where it is not.
 */
export function transform(events: readonly unknown[], options: TransformOptions): Transformed {
  const records = new Map<string, StreamRecord & { canonical: string }>();
  const rejected: Rejected[] = [];
  for (const [index, posted] of events.entries()) {
    try {
      const { canonical, ...record } = toRecord(posted, index, options);
      const first = records.get(record.eventId);
      if (first === undefined) records.set(record.eventId, { ...record, canonical });
      else if (first.canonical === canonical) first.indexes.push(index);
      else {
        const reason = `is the id of event ${first.indexes[0]}, whose content is another`;
        throw new Rejection("eventId", reason);
      }
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      const { path, reason, tooLarge } = error;
      rejected.push({
        index,
        path,
        reason: reason.slice(0, MAX_REASON_LENGTH),
        tooLarge,
        type: typeOf(posted),
      });
    }
  }
  return { records: [...records.values()].map(({ canonical, ...record }) => record), rejected };
}

function toRecord(posted: unknown, index: number, { idempotencyKey, several, receivedAt }: TransformOptions) {
  const event = parse(clean(posted));
  const { type, data } = event;
  const canonical = canonicalJson({ type, data });
  const keyed = idempotencyKey === undefined || !several ? idempotencyKey : `${idempotencyKey}-${index}`;
  const id = event.eventId ?? keyed ?? contentId(canonical);
  const record = { eventId: id, type, schemaVersion: SCHEMA_VERSION, receivedAt, data: shaped(event) };
  const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
  if (bytes.length > MAX_EVENT_BYTES) {
    throw new Rejection(
      "",
      `Invalid size: Expected at most ${MAX_EVENT_BYTES} bytes but received ${bytes.length}`,
      true,
    );
  }
  return { eventId: id, partitionKey: partitionKey(event), data: bytes, indexes: [index], canonical };
}

function parse(posted: unknown): StoreEvent {
  const { success, issues, output } = v.safeParse(StoreEvent, posted, { abortEarly: true });
  if (success) return output;
  const [{ path = [], message }] = issues;
  const named = path.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  throw new Rejection(named.replace(/^\./, ""), message);
}

/** The fields of the type, then all others under `extra`. */
function shaped({ type, data }: StoreEvent): Record<string, unknown> {
  const entries = Object.entries(data);
  const rest = entries.filter(([name]) => !isOwnField(type, name));
  const own = Object.fromEntries(entries.filter(([name]) => isOwnField(type, name)));
  return rest.length === 0 ? own : { ...own, extra: Object.fromEntries(rest) };
}

/** Longest partition key, in characters: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html */
const MAX_PARTITION_KEY = 256;

function partitionKey(event: StoreEvent): string {
  const entity = entityOf(event);
  return entity.length <= MAX_PARTITION_KEY ? entity : contentId(entity);
}

/** Whether a header's value can be an event's id. */
export function isEventId(value: string): boolean {
  return v.is(eventId, value);
}

function typeOf(posted: unknown): string | null {
  const { type } = (posted ?? {}) as { type?: unknown };
  return typeof type === "string" ? type.slice(0, 50) : null;
}
