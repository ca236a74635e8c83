import * as v from "valibot";

/** Version of the records below. Raise it when a field changes its name or type. */
export const SCHEMA_VERSION = 1;

/** Longest event id, in UTF-16 units: ids land in manifests and file names of others. */
const MAX_ID_LENGTH = 128;
const MAX_PRICE = 1e9;
const MAX_QUANTITY = 1e6;
/** An order's total is the sum of many prices. */
const MAX_TOTAL = 1e12;

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const text = v.pipe(v.string(), v.nonEmpty());
const price = v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_PRICE));
const quantity = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_QUANTITY));
/** `2026-11-21T10:30:00.000Z`, or the day alone, as the Fake Store has it in places. */
const time = v.pipe(
  v.string(),
  v.check(
    (value) => /^\d{4}-\d{2}-\d{2}(T|$)/.test(value) && Number.isFinite(Date.parse(value)),
    ({ input }) => `Invalid time: Expected ISO 8601 but received ${JSON.stringify(input)}`,
  ),
);

/** Event ids of clients: anything that a line of text can hold. */
export const eventId = v.pipe(
  v.string(),
  v.nonEmpty(),
  v.maxLength(MAX_ID_LENGTH),
  v.check((value) => !/\p{Cc}/u.test(value), "Invalid event id: Expected no control characters"),
);

/** What each visitor's event has. */
const visit = { sessionId: text, userId: v.nullable(id), at: time };
const line = v.looseObject({ productId: id, quantity });

const optionalEventId = v.optional(eventId);
/** An event of one type. What its data has besides its own fields is kept under `extra`. */
const event = <const T extends string, const F extends v.ObjectEntries>(type: T, fields: F) =>
  v.strictObject({ type: v.literal(type), eventId: optionalEventId, data: v.looseObject(fields) });

/** Every type of event; the entities are as https://fakestoreapi.com/docs has them. */
const EVENTS = [
  event("product", { id, title: text, price, category: text }),
  event("cart", { id, userId: id, date: time, products: v.array(line) }),
  event("user", {
    id,
    email: text,
    username: text,
    name: v.looseObject({ firstname: v.string(), lastname: v.string() }),
  }),
  event("product_view", { ...visit, productId: id }),
  event("add_to_cart", { ...visit, productId: id, quantity, price }),
  event("purchase", {
    ...visit,
    products: v.pipe(v.array(v.looseObject({ ...line.entries, price })), v.minLength(1)),
    total: v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_TOTAL)),
  }),
] as const;

/** An event as clients post it. */
export const StoreEvent = v.variant("type", EVENTS);

export type StoreEvent = v.InferOutput<typeof StoreEvent>;

const FIELDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  EVENTS.map(({ entries: { type, data } }) => [type.literal, new Set(Object.keys(data.entries))]),
);

/** Whether a field of an event's data is one of its type's own. */
export function isOwnField(type: StoreEvent["type"], name: string): boolean {
  return FIELDS.get(type)?.has(name) === true;
}

/** What a partition key is made of: events of one entity, or of one visit, keep their order. */
export function entityOf(event: StoreEvent): string {
  return "sessionId" in event.data ? `session:${event.data.sessionId}` : `${event.type}:${event.data.id}`;
}
