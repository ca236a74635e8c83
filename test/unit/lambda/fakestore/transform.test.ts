import { describe, expect, it } from "vitest";
import { MAX_EVENT_BYTES, transform } from "../../../../src/lambda/fakestore/accept/transform.ts";

const receivedAt = "2026-11-21T10:30:00.000Z";
const product = { id: 1, title: "Stål Кашемир 竹", price: 109.95, category: "men's clothing" };
const cart = {
  id: 2,
  userId: 1,
  date: "2020-03-02T00:00:00.000Z",
  products: [{ productId: 1, quantity: 4 }],
};
const user = {
  id: 3,
  email: "eva@example.com",
  username: "eva",
  password: "s3cret",
  name: { firstname: "Eva", lastname: "Ø" },
};
const visit = { sessionId: "s-1", userId: null, at: "2026-11-21T10:29:00.000Z" };
const purchase = { ...visit, products: [{ productId: 1, quantity: 2, price: 1.5 }], total: 3 };

const run = (events: unknown[], idempotencyKey?: string, several = true) => {
  const { records, rejected } = transform(events, { receivedAt, idempotencyKey, several });
  return { records, rejected, lines: records.map(({ data }) => JSON.parse(data.toString("utf8"))) };
};
const refusal = (event: unknown) => {
  const { rejected, records } = run([event]);
  expect(records).toEqual([]);
  return `${rejected[0]?.path}: ${rejected[0]?.reason}`;
};

describe("an event becomes", () => {
  it("one line of JSON with the time it came, the schema's version, and unknown fields under extra", () => {
    const data = { ...product, image: "https://x/y.jpg", rating: { rate: 3.9, count: 120 } };
    const { records, lines } = run([{ type: "product", eventId: "e-1", data }]);
    expect(lines).toEqual([
      {
        eventId: "e-1",
        type: "product",
        schemaVersion: 1,
        receivedAt,
        data: { ...product, extra: { image: "https://x/y.jpg", rating: { rate: 3.9, count: 120 } } },
      },
    ]);
    const text = records[0]?.data.toString("utf8") ?? "";
    expect([text.endsWith("}\n"), text.split("\n").length]).toEqual([true, 2]);
  });

  it.each([
    ["product", product, "product:1"],
    ["cart", { ...cart, __v: 0 }, "cart:2"],
    ["user", user, "user:3"],
    ["product_view", { ...visit, productId: 1 }, "session:s-1"],
    ["add_to_cart", { ...visit, productId: 1, quantity: 1, price: 0 }, "session:s-1"],
    ["purchase", purchase, "session:s-1"],
    [
      "product_view",
      { ...visit, sessionId: "s".repeat(300), productId: 1 },
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ],
  ])("a %s, spread by its entity or visit", (type, data, partitionKey) => {
    expect(run([{ type, data }])).toMatchObject({ rejected: [], records: [{ partitionKey, indexes: [0] }] });
  });

  it("a line without a password, wherever it is", () => {
    const nested = { ...user, Password: "other", address: { login: [{ password: "third", city: "Łódź" }] } };
    const { records, lines } = run([{ type: "user", data: nested }]);
    expect(records[0]?.data.toString("utf8")).not.toMatch(/password|s3cret|other|third/i);
    expect(lines[0].data.extra).toEqual({ address: { login: [{ city: "Łódź" }] } });
  });
});

describe("an event's id", () => {
  const ids = (...args: Parameters<typeof run>) => run(...args).records.map(({ eventId }) => eventId);

  it("is its own, else the idempotency key, with the index in an array", () => {
    const events = [
      { type: "cart", eventId: "mine", data: cart },
      { type: "product", data: product },
    ];
    expect(ids(events, "key")).toEqual(["mine", "key-1"]);
    expect(ids(events.slice(1), "key", false)).toEqual(["key"]);
  });

  it("else follows from the content, however its keys are ordered: a cart id with two users is two events", () => {
    const reordered = Object.fromEntries(Object.entries(cart).reverse());
    const [one] = ids([{ type: "cart", data: cart }]);
    expect(ids([{ data: reordered, type: "cart" }])).toEqual([one]);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(ids([{ type: "cart", data: { ...cart, userId: 2 } }])).not.toEqual([one]);
  });

  it("posted twice is one record for both where the content is equal, and refused where it is not", () => {
    const event = { type: "cart", eventId: "e", data: cart };
    const other = { type: "cart", eventId: "e", data: { ...cart, userId: 9 } };
    const { records, rejected } = run([event, { type: "cart", data: cart }, other, event]);
    expect(records.map(({ eventId, indexes }) => [eventId, indexes])).toEqual([
      ["e", [0, 3]],
      [expect.stringMatching(/^[0-9a-f]{64}$/), [1]],
    ]);
    expect(rejected).toMatchObject([
      { index: 2, path: "eventId", reason: expect.stringContaining("event 0") },
    ]);
  });
});

describe("an event is refused with path and reason:", () => {
  const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);

  it.each([
    ["null", null, ": Invalid type: Expected Object but received null"],
    ["a list", [], "type: "],
    ["no type", { data: product }, "type: Invalid type: Expected"],
    ["an unknown type", { type: "refund", data: {} }, 'type: Invalid type: Expected ("product" | "cart"'],
    ["a type that objects inherit", { type: "constructor", data: {} }, "type: Invalid type"],
    ["no data", { type: "product" }, 'data: Invalid key: Expected "data" but received undefined'],
    ["data null", { type: "product", data: null }, "data: Invalid type: Expected Object but received null"],
    [
      "an unknown key",
      { type: "product", data: product, at: 1 },
      'at: Invalid key: Expected never but received "at"',
    ],
    ["an empty id", { type: "product", eventId: "", data: product }, "eventId: Invalid length"],
    ["a long id", { type: "product", eventId: "x".repeat(129), data: product }, "eventId: Invalid length"],
    [
      "an id over two lines",
      { type: "product", eventId: "a\nb", data: product },
      "eventId: Invalid event id",
    ],
    [
      "a price as text",
      { type: "product", data: { ...product, price: "109.95" } },
      'data.price: Invalid type: Expected number but received "109.95"',
    ],
    [
      "a price below 0",
      { type: "product", data: { ...product, price: -1 } },
      "data.price: Invalid value: Expected >=0",
    ],
    [
      "a price out of range",
      { type: "product", data: { ...product, price: 1e10 } },
      "data.price: Invalid value",
    ],
    [
      "a price beyond numbers",
      { type: "product", data: JSON.parse('{"price":1e999}') },
      "data.price: Invalid number",
    ],
    [
      "an id that lost digits",
      { type: "product", data: { ...product, id: 2 ** 53 } },
      "data.id: Invalid number",
    ],
    [
      "lost digits in other fields",
      { type: "product", data: { ...product, x: [1, 1e17] } },
      "data.x[1]: Invalid number",
    ],
    ["an id of 0", { type: "product", data: { ...product, id: 0 } }, "data.id: Invalid value"],
    ["a title null", { type: "product", data: { ...product, title: null } }, "data.title: Invalid type"],
    [
      "half a quantity",
      { type: "cart", data: { ...cart, products: [cart.products[0], { productId: 1, quantity: 0.5 }] } },
      "data.products[1].quantity: Invalid integer",
    ],
    ["a day that isn't", { type: "cart", data: { ...cart, date: "2020-13-40" } }, "data.date: Invalid time"],
    [
      "a purchase of nothing",
      { type: "purchase", data: { ...purchase, products: [] } },
      "data.products: Invalid length",
    ],
    [
      "half a character",
      { type: "product", data: { ...product, title: "a\ud800" } },
      "data.title: Invalid text",
    ],
    ["a key of half a character", { type: "product", data: { ...product, "\udc00": 1 } }, "Invalid text"],
    [
      "a key that would vanish",
      JSON.parse('{"type":"product","data":{"__proto__":{}}}'),
      "data.__proto__: Invalid key",
    ],
    ["deep nesting", { type: "product", data: { ...product, x: nested(31) } }, ": Invalid nesting"],
    ["very deep nesting", { type: "product", data: { ...product, x: nested(5_000) } }, ": Invalid nesting"],
  ])("%s", (_, event, expected) => expect(refusal(event)).toContain(expected));

  it("none that is as deep as may be", () => {
    expect(run([{ type: "product", data: { ...product, x: nested(30) } }]).rejected).toEqual([]);
  });

  it("one above 900 KiB, alone for its size", () => {
    const large = (bytes: number) => ({
      type: "product",
      data: { ...product, description: "x".repeat(bytes) },
    });
    const overhead = (run([large(1)]).records[0]?.data.length ?? 0) - 1;
    expect(run([large(MAX_EVENT_BYTES - overhead)]).rejected).toEqual([]);
    expect(run([large(MAX_EVENT_BYTES - overhead + 1), { type: "cart", data: cart }])).toMatchObject({
      rejected: [{ index: 0, path: "", tooLarge: true, reason: expect.stringContaining("921601") }],
      records: [{ partitionKey: "cart:2" }],
    });
  });

  it("a reason never shows a long value whole", () => {
    expect(refusal({ type: "product", data: { ...product, price: "9".repeat(10_000) } }).length).toBeLessThan(
      400,
    );
  });
});
