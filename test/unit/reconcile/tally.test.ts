import { expect, it } from "vitest";
import { Tally, versionKey } from "../../../src/reconcile/tally.ts";

const letter = { key: "a", errorCode: "NOT_JSON", path: "", message: "no" };

function tallyOf(...keys: string[]): Tally {
  const tally = new Tally();
  for (const key of keys) tally.accept({ key, versionId: "1" });
  return tally;
}
const id = (key: string) => versionKey(key, "1");

it("every accepted object is counted in exactly one place", () => {
  const tally = tallyOf("a", "b", "c", "d");
  tally.processed(id("a"));
  tally.rejected(id("b"));
  tally.deadLettered(id("c"), letter);
  expect(tally.counts).toEqual({ accepted: 4, processed: 1, rejected: 1, deadLettered: 1, missing: 1 });
});

it("what is reported twice, or does not belong to the run, is not counted", () => {
  const tally = tallyOf("a", "a");
  tally.processed(id("a"));
  tally.processed(id("a"));
  tally.deadLettered(id("a"), letter);
  tally.processed(id("stranger"));
  tally.processed(versionKey("a", "2"));
  expect(tally.counts).toEqual({ accepted: 1, processed: 1, rejected: 0, deadLettered: 0, missing: 0 });
});

it("a dead letter that was replayed counts as processed", () => {
  const tally = tallyOf("a");
  tally.deadLettered(id("a"), letter);
  tally.processed(id("a"));
  expect(tally.counts).toMatchObject({ processed: 1, deadLettered: 0, missing: 0 });
  expect(tally.deadLetters).toEqual([]);
});
