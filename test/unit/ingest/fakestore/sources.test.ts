import { describe, expect, it } from "vitest";
import type { StoreEntity } from "../../../../src/ingest/fakestore/sample.ts";
import { siteSource } from "../../../../src/ingest/fakestore/sources.ts";

const SITE = { seed: 1, startMs: 0, meanGapMs: 1, count: 3, kinds: [] };

describe("events of a store's visitors", () => {
  it("are of the products that can be sold, whatever else the store lists", async () => {
    const list = async () => [null, 3, "x", { id: 7 }, { id: 8, price: 1 }] as StoreEntity[];
    const products = new Set<unknown>();
    for await (const { data } of siteSource(list, SITE).drafts(() => {})) {
      products.add((data as { productId: number }).productId);
    }
    expect([...products]).toEqual([8]);
  });

  it("are none, with the reason, where the store lists nothing that can be sold", async () => {
    const list = async () => [null] as unknown as StoreEntity[];
    const events = siteSource(list, SITE).drafts(() => {}) as AsyncIterable<unknown>;
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "FAKESTORE_DOWN" });
  });
});
