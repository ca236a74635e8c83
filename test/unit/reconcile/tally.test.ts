import { expect, it } from "vitest";
import { Tally, versionKey } from "../../../src/reconcile/tally.ts";

const cause = { errorCode: "NOT_JSON", path: "", message: "no" };
const processed = { state: "processed", output: "s3://staging/x" } as const;
const rejected = { state: "rejected", supersededBy: "2", ...cause } as const;
const dead = { state: "deadLettered", queue: "dlq", messageId: "m", ...cause } as const;

function tallyOf(...keys: string[]): Tally {
  const tally = new Tally();
  for (const key of keys) tally.accept({ key, versionId: "1" });
  return tally;
}
const id = (key: string) => versionKey(key, "1");

it("every accepted object is counted in exactly one place", () => {
  const tally = tallyOf("a", "b", "c", "d");
  tally.settle(id("a"), processed);
  tally.settle(id("b"), rejected);
  tally.settle(id("c"), dead);
  expect(tally.counts).toEqual({ accepted: 4, processed: 1, rejected: 1, deadLettered: 1, missing: 1 });
});

it("what is reported twice, or does not belong to the run, is not counted", () => {
  const tally = tallyOf("a", "a");
  tally.settle(id("a"), processed);
  tally.settle(id("a"), processed);
  tally.settle(id("a"), dead);
  tally.settle(id("stranger"), processed);
  tally.settle(versionKey("a", "2"), processed);
  expect(tally.counts).toEqual({ accepted: 1, processed: 1, rejected: 0, deadLettered: 0, missing: 0 });
});

it("a dead letter that was replayed counts as processed", () => {
  const tally = tallyOf("a");
  tally.settle(id("a"), dead);
  tally.settle(id("a"), processed);
  expect(tally.counts).toMatchObject({ processed: 1, deadLettered: 0, missing: 0 });
  expect(tally.deadLetters).toEqual([]);
});
