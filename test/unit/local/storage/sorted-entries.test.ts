import { expect, it } from "vitest";
import { SortedEntries } from "../../../../src/local/storage/sorted-entries.ts";

/** Numbers below `limit` in an order that looks like chance, always the same. */
function* scrambled(limit: number): Generator<number> {
  for (let index = 0, at = 7; index < limit; index++) {
    yield at;
    at = (at + 3_967) % limit;
  }
}
const key = (number: number) => String(number).padStart(5, "0");

it("Entries stay in order while thousands come and go, and stretches are read both ways", () => {
  const entries = new SortedEntries<number>();
  const model = new Map<string, number>();
  for (const number of scrambled(6_000)) {
    entries.set(key(number), number);
    model.set(key(number), number);
  }
  for (const number of scrambled(6_000)) {
    if (number % 3 === 0) continue;
    entries.delete(key(number));
    model.delete(key(number));
  }
  entries.set(key(3), -3);
  model.set(key(3), -3);
  const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
  expect(entries.size).toBe(model.size);
  expect([...entries.ascending()]).toEqual(expected);
  const stretch = expected.filter(([one]) => one >= "01000" && one < "04000");
  expect([...entries.ascending("01000", "04000")]).toEqual(stretch);
  expect([...entries.descending("01000", "04000")]).toEqual([...stretch].reverse());
  expect([entries.get(key(3)), entries.get(key(4)), entries.get("")]).toEqual([-3, undefined, undefined]);
  expect([...new SortedEntries<number>().descending("", "z")]).toEqual([]);
});
