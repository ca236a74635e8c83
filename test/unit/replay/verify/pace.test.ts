import { expect, it } from "vitest";
import { Pace } from "../../../../src/replay/verify/pace.ts";

it("gives what room there is, and waits for more when there is none", async () => {
  const pace = new Pace(3);
  expect(await pace.take(10)).toBe(3);
  const waiting = pace.take(10);
  pace.open(2);
  expect(await waiting).toBe(2);
});

it("shares what is opened among all that wait", async () => {
  const pace = new Pace(0);
  const taken = [pace.take(4), pace.take(4)];
  pace.open(5);
  expect(await Promise.all(taken)).toEqual([4, 1]);
});

it("ends waiting when the replay is stopped", async () => {
  const pace = new Pace(0);
  const stop = new AbortController();
  const waiting = pace.take(1, stop.signal);
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
});

it("holds nothing up without a verification", async () => {
  expect(await Pace.unlimited().take(1_000_000)).toBe(1_000_000);
});
