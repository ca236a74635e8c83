import { expect, it } from "vitest";
import { type BatchOptions, batches } from "../../../../src/ingest/fakestore/batches.ts";
import type { OutgoingEvent } from "../../../../src/ingest/fakestore/event.ts";

async function* events(count: number, bytes = 100): AsyncGenerator<OutgoingEvent> {
  for (let index = 0; index < count; index++)
    yield { eventId: String(index), type: "user", json: "{}", bytes, origin: null };
}

/** Sizes of the batches with the time at which they were due; taking one takes `takesMs`. */
async function schedule(source: AsyncIterable<OutgoingEvent>, options: Partial<BatchOptions>, takesMs = 0) {
  let clock = 0;
  const due: [ms: number, size: number][] = [];
  const all = batches(source, {
    size: 100,
    rate: undefined,
    endMs: Number.POSITIVE_INFINITY,
    pause: async (ms) => {
      clock += ms;
    },
    now: () => clock,
    signal: new AbortController().signal,
    ...options,
  });
  for await (const batch of all) {
    due.push([clock, batch.length]);
    clock += takesMs;
  }
  return due;
}

it("batches are full, the last one has the rest", async () => {
  expect(await schedule(events(250), {})).toEqual([
    [0, 100],
    [0, 100],
    [0, 50],
  ]);
});

it("a batch stays below what the API takes, however large its events are", async () => {
  expect(await schedule(events(5, 400_000), {})).toEqual([
    [0, 2],
    [0, 2],
    [0, 1],
  ]);
  expect(await schedule(events(2, 2_000_000), {})).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

it("at a rate, batches come when they are due; a low rate makes them smaller", async () => {
  expect(await schedule(events(400), { rate: 200 })).toEqual([
    [0, 100],
    [500, 100],
    [1_000, 100],
    [1_500, 100],
  ]);
  expect(await schedule(events(4), { rate: 2 })).toEqual([
    [0, 2],
    [1_000, 2],
  ]);
  expect(await schedule(events(2), { rate: 0.5 })).toEqual([
    [0, 1],
    [2_000, 1],
  ]);
});

it("who takes them slowly is not flooded afterwards: a second's events may follow at once", async () => {
  const due = await schedule(events(700), { rate: 100 }, 5_000);
  expect(due.map(([ms]) => ms)).toEqual([0, 5_000, 10_000, 15_000, 20_000, 25_000, 30_000]);
});

it("nothing begins after the end", async () => {
  expect(await schedule(events(1_000), { rate: 100, endMs: 3_000 })).toHaveLength(3);
  expect(await schedule(events(1_000), { endMs: 250 }, 100)).toEqual([
    [0, 100],
    [100, 100],
    [200, 100],
  ]);
});
