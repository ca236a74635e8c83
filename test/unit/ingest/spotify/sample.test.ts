import { describe, expect, it } from "vitest";
import type { SourceEntity } from "../../../../src/ingest/source.ts";
import { sampleEntities, sampleSize } from "../../../../src/ingest/spotify/sample.ts";
import { split } from "../../../../src/ingest/spotify/split.ts";

const sample = [...sampleEntities(1_000, 1)];
const of = (dataset: string) => sample.filter((one) => one.dataset === dataset);
const values = (dataset: string, member: string) => of(dataset).map((one) => one.entity[member]);

/** Every id of a type that the entities mention anywhere. */
function mentioned(type: string, entities: SourceEntity[]): Set<string> {
  return new Set(
    [...JSON.stringify(entities).matchAll(new RegExp(`spotify:${type}:(\\w+)`, "g"))].map(
      ([, id]) => id ?? "",
    ),
  );
}

describe("a sample", () => {
  it("has as many tracks as were asked for, with their albums and artists, each once", () => {
    expect(of("tracks")).toHaveLength(1_000);
    expect(sampleSize(1_000, 1)).toBe(sample.length);
    expect(new Set(sample.map((one) => one.key)).size).toBe(sample.length);
    expect(mentioned("album", sample)).toEqual(new Set(of("albums").map((one) => one.id)));
    expect(mentioned("artist", sample)).toEqual(new Set(of("artists").map((one) => one.id)));
  });

  it("is the same for the same seed and another for another", () => {
    expect([...sampleEntities(50, 4)]).toEqual([...sampleEntities(50, 4)]);
    const ids = new Set([...sampleEntities(50, 4)].map((one) => one.id));
    expect([...sampleEntities(50, 5)].filter((one) => ids.has(one.id))).toEqual([]);
  });

  it("has ids as Spotify has them", () => {
    for (const { id } of sample) expect(id).toMatch(/^[0-9A-Za-z]{22}$/);
  });

  it("has names that collide, also within an album, and that hold separators and non-ASCII", () => {
    const names = values("tracks", "name").map(String);
    expect(new Set(names).size).toBeLessThan(names.length);
    for (const part of ["/", "?", "🌊", "夜", "ñ"])
      expect(names.some((name) => name.includes(part))).toBe(true);
    const twice = of("albums").filter(({ entity }) => {
      const titles = (entity.tracks as { items: { name: string }[] }).items.map((track) => track.name);
      return new Set(titles).size < titles.length;
    });
    expect(twice.length).toBeGreaterThan(0);
  });

  it("has release dates of every precision, each fitting its text", () => {
    const lengths = { year: 4, month: 7, day: 10 };
    const precisions = new Set<string>();
    for (const { entity } of of("albums")) {
      const precision = entity.release_date_precision as keyof typeof lengths;
      precisions.add(precision);
      expect(String(entity.release_date)).toHaveLength(lengths[precision]);
    }
    expect(precisions).toEqual(new Set(["year", "month", "day"]));
  });

  it.each([
    ["tracks", "popularity"],
    ["tracks", "available_markets"],
    ["tracks", "external_ids"],
    ["albums", "label"],
    ["artists", "followers"],
  ])("leaves out of some %s what may be absent: %s", (dataset, member) => {
    const present = of(dataset).filter((one) => member in one.entity).length;
    expect(present).toBeGreaterThan(0);
    expect(present).toBeLessThan(of(dataset).length);
  });

  it("has the shape that recorded responses are recognised by", () => {
    for (const { entity, key } of sample) {
      expect(split(entity, "sample").entities[0]).toMatchObject({ key, full: true });
    }
  });
});
