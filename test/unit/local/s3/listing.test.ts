import { describe, expect, it, vi } from "vitest";
import { type ListQuery, listObjects, listVersions, type Page } from "../../../../src/local/s3/listing.ts";
import { ObjectIndex, type Version } from "../../../../src/local/s3/object-index.ts";
import { compareKeys, SortedKeys } from "../../../../src/local/s3/sorted-keys.ts";

const version = (sequence: number, more: Partial<Version> = {}): Version => ({
  sequence,
  versionId: null,
  size: 1,
  etag: "e",
  modified: 0,
  deleteMarker: false,
  ...more,
});

function indexOf(keys: string[]): ObjectIndex {
  const index = new ObjectIndex();
  for (const [n, key] of keys.entries()) index.put(key, version(n + 1));
  return index;
}

const query = (more: Partial<ListQuery> = {}): ListQuery => ({
  prefix: "",
  delimiter: "",
  after: "",
  maxKeys: 1000,
  ...more,
});
const shown = (page: Page<{ key: string }>) => [...page.items.map(({ key }) => key), ...page.commonPrefixes];

/** Numbers that look random and are the same in every run. */
function* pseudoRandom(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 1664525 + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

describe("the order of keys", () => {
  it("is that of their UTF-8 bytes", () => {
    const keys = [
      "",
      "a",
      "a\u0000",
      "a/",
      "a0",
      "ab",
      "é",
      "\ud7ff",
      "\ue000",
      "\uffff",
      "😀",
      "😀a",
      "\u{10ffff}",
    ];
    const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...keys].reverse().sort(compareKeys)).toEqual(byBytes);
  });

  it("is kept over 5,000 insertions and removals in any order", () => {
    const random = pseudoRandom(1);
    const sorted = new SortedKeys();
    const expected = new Set<string>();
    for (let n = 0; n < 5000; n++) {
      const key = `k${Math.floor(random.next().value * 3000)}`;
      if (random.next().value < 0.7) {
        sorted.add(key);
        expected.add(key);
      } else {
        sorted.delete(key);
        expected.delete(key);
      }
    }
    expect([...sorted.from("")]).toEqual([...expected].sort());
    expect([...sorted.from("k2")]).toEqual([...expected].sort().filter((key) => key >= "k2"));
  });
});

describe("a listing of objects", () => {
  it("has in its pages, together, what one page would hold, whatever prefix, delimiter and page size", () => {
    const random = pseudoRandom(2);
    const letters = ["a", "b", "/", "-", "é", "😀"];
    const keys = Array.from({ length: 400 }, () =>
      Array.from(
        { length: 1 + Math.floor(random.next().value * 6) },
        () => letters[Math.floor(random.next().value * 6)],
      ).join(""),
    );
    const index = indexOf(keys);
    for (const prefix of ["", "a", "a/", "é", "none"]) {
      for (const delimiter of ["", "/", "-a"]) {
        const whole = shown(listObjects(index, query({ prefix, delimiter })));
        for (const maxKeys of [1, 3, 50]) {
          const seen: string[] = [];
          for (let after = "", truncated = true; truncated; ) {
            const page = listObjects(index, query({ prefix, delimiter, after, maxKeys }));
            seen.push(...shown(page));
            ({ last: after, truncated } = page);
          }
          expect(seen.sort()).toEqual([...whole].sort());
        }
        const naive = [...new Set(keys)]
          .filter((key) => key.startsWith(prefix))
          .map((key) => {
            const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
            return end === -1 ? key : key.slice(0, end + delimiter.length);
          });
        expect(new Set(whole)).toEqual(new Set(naive));
      }
    }
  });

  it("leaves out what lies behind a delete marker", () => {
    const index = indexOf(["a", "b"]);
    index.put("a", version(9, { versionId: "m", deleteMarker: true }));
    expect(shown(listObjects(index, query()))).toEqual(["b"]);
  });

  it("says that there is more only when there is", () => {
    const index = indexOf(["a", "b"]);
    expect(listObjects(index, query({ maxKeys: 2 }))).toMatchObject({ truncated: false, last: "b" });
    expect(listObjects(index, query({ maxKeys: 1 }))).toMatchObject({ truncated: true, last: "a" });
    expect(listObjects(index, query({ maxKeys: 0 }))).toMatchObject({ truncated: false, items: [] });
  });

  it("of 100,000 keys with a delimiter looks at no more keys than it answers", () => {
    const index = indexOf(Array.from({ length: 100_000 }, (_, n) => `d${n % 10}/${n}`));
    const looked = vi.spyOn(index, "latest");
    const { commonPrefixes } = listObjects(index, query({ delimiter: "/" }));
    expect(commonPrefixes).toHaveLength(10);
    expect(looked).toHaveBeenCalledTimes(10);
  });
});

describe("a listing of versions", () => {
  it("goes on behind a version that was deleted meanwhile", () => {
    const index = new ObjectIndex();
    for (const n of [1, 2, 3]) index.put("k", version(n, { versionId: `v${n}` }));
    index.put("l", version(4, { versionId: "v4" }));
    const first = listVersions(index, query({ maxKeys: 1 }));
    expect(first.items.map((item) => item.version.versionId)).toEqual(["v3"]);
    index.remove("k", "v3");
    const rest = listVersions(index, { ...query({ after: "k" }), afterVersionId: "v3" });
    expect(rest.items.map((item) => item.version.versionId)).toEqual(["v2", "v1", "v4"]);
  });
});
