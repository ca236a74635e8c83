import { describe, expect, it } from "vitest";
import type { EventDraft } from "../../../../src/ingest/fakestore/event.ts";
import { type Catalogue, siteEvents } from "../../../../src/ingest/fakestore/site.ts";
import { sampleSource } from "../../../../src/ingest/fakestore/sources.ts";
import { Zipf } from "../../../../src/ingest/fakestore/zipf.ts";
import { Random } from "../../../../src/ingest/random.ts";

const startMs = Date.UTC(2026, 10, 21);
const others = Array.from({ length: 19 }, (_, index) => ({ id: index + 2, price: index + 1.1 }));
const catalogue: Catalogue = { products: [{ id: 1, price: 0.1 }, ...others], userIds: [1, 2, 3] };

function take(count: number, seed = 1): EventDraft[] {
  const events: EventDraft[] = [];
  const options = { seed, startMs, meanGapMs: 10 };
  for (const event of siteEvents(catalogue, options)) {
    if (events.push(event) === count) break;
  }
  return events;
}

type Data = Record<string, unknown> & { sessionId: string; productId: number; at: string };
const dataOf = ({ data }: EventDraft) => data as Data;

describe("the events of a site", () => {
  const events = take(20_000);

  it("are the same for the same seed, others for another", () => {
    expect(take(500)).toEqual(events.slice(0, 500));
    expect(take(500, 2)).not.toEqual(events.slice(0, 500));
  });

  it("come in the order of their times, at the asked rate", () => {
    const times = events.map((event) => Date.parse(dataOf(event).at));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(((times.at(-1) ?? 0) - startMs) / events.length).toBeCloseTo(10, 0);
  });

  it("are about a few products most of the time", () => {
    const views = new Map<number, number>();
    for (const event of events.filter(({ type }) => type === "product_view")) {
      views.set(dataOf(event).productId, (views.get(dataOf(event).productId) ?? 0) + 1);
    }
    const sorted = [...views.values()].sort((a, b) => b - a);
    expect(sorted).toHaveLength(20);
    expect((sorted[0] ?? 0) / (sorted[1] ?? 1)).toBeCloseTo(2, 0);
    expect((sorted[0] ?? 0) / (sorted[9] ?? 1)).toBeGreaterThan(7);
  });

  it("tell of sessions: what is bought was put into the cart before, and the total is exact", () => {
    const carts = new Map<string, Map<number, number>>();
    let purchases = 0;
    for (const event of events) {
      const { sessionId, productId, quantity, products, total } = dataOf(event);
      const cart = carts.get(sessionId) ?? new Map<number, number>();
      carts.set(sessionId, cart);
      if (event.type === "add_to_cart") cart.set(productId, (cart.get(productId) ?? 0) + Number(quantity));
      if (event.type !== "purchase") continue;
      purchases++;
      const bought = products as { productId: number; quantity: number; price: number }[];
      expect(new Map(bought.map((one) => [one.productId, one.quantity]))).toEqual(cart);
      const cents = bought.reduce((sum, one) => sum + Math.round(one.price * 100) * one.quantity, 0);
      expect(Math.round(Number(total) * 100)).toBe(cents);
      expect(String(total)).toMatch(/^\d+(\.\d{1,2})?$/);
    }
    expect(purchases).toBeGreaterThan(500);
  });
});

it("Zipf's law picks every thing, the first most often", () => {
  const counts: [number, number, number, number] = [0, 0, 0, 0];
  const random = new Random("1", "zipf");
  const zipf = new Zipf(4);
  for (let index = 0; index < 25_000; index++) counts[zipf.pick(random) as 0]++;
  // 1 : 1/2 : 1/3 : 1/4 of 25/12.
  expect(counts.map((count) => count / 12_000)).toEqual(
    [1, 1 / 2, 1 / 3, 1 / 4].map((share) => expect.closeTo(share, 1) as number),
  );
});

it("a sample has as many events as asked for, a cart id that comes with two users, and no password", () => {
  const drafts = [
    ...(sampleSource(200, { seed: 1, startMs, meanGapMs: 10 }).drafts(() => {}) as Iterable<EventDraft>),
  ];
  expect(drafts).toHaveLength(200);
  const carts = drafts
    .filter(({ type }) => type === "cart")
    .map(({ data }) => data as { id: number; userId: number });
  const last = carts.filter(({ id }) => id === carts.at(-1)?.id);
  expect(new Set(last.map(({ userId }) => userId)).size).toBe(2);
  expect(JSON.stringify(drafts)).not.toContain("password");
});
