import { describe, expect, it } from "vitest";
import { preferFull } from "../../../src/ingest/prefer-full.ts";
import type { SourceEntity } from "../../../src/ingest/source.ts";
import { collect, entityOf, stream } from "../../support/entities.ts";

const full = entityOf({ id: "a", entity: { id: "a", name: "full" } });
const short = entityOf({ id: "a", entity: { id: "a" }, full: false });
const longer = entityOf({ id: "a", entity: { id: "a", name: "x" }, full: false });
const other = entityOf({ id: "b", entity: { id: "b" }, full: false });

async function chosen(...entities: SourceEntity[]) {
  const all = await collect(preferFull(stream(...entities)));
  return all.sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, entity, full }) => ({ id, entity, full }));
}

describe("of several forms of one entity", () => {
  it("the full one lands, in whatever order they come", async () => {
    const expected = [
      { id: "a", entity: full.entity, full: true },
      { id: "b", entity: other.entity, full: false },
    ];
    expect(await chosen(short, full, other)).toEqual(expected);
    expect(await chosen(full, other, longer, short)).toEqual(expected);
  });

  it("the short form that says most lands, in whatever order they come", async () => {
    const expected = [{ id: "a", entity: longer.entity, full: false }];
    expect(await chosen(short, longer)).toEqual(expected);
    expect(await chosen(longer, short)).toEqual(expected);
  });

  it("the choice between short forms of one size does not depend on the order", async () => {
    const forms = ["x", "y", "z"].map((name) =>
      entityOf({ id: "a", entity: { id: "a", name }, full: false }),
    );
    expect(await chosen(...forms)).toEqual(await chosen(...forms.toReversed()));
  });

  it("each key comes once", async () => {
    expect(await chosen(full, { ...full, entity: { id: "a", name: "again" } })).toHaveLength(1);
  });
});

it("full entities pass at once, without waiting for the end", async () => {
  async function* endless() {
    yield full;
    await new Promise(() => {});
  }
  const first = await preferFull(endless()).next();
  expect(first.value?.id).toBe("a");
});

it("short forms keep integers beyond 2^53", async () => {
  const entity = { id: "a", n: 9007199254740993n };
  expect(await chosen(entityOf({ id: "a", entity, full: false }))).toEqual([
    { id: "a", entity, full: false },
  ]);
});
