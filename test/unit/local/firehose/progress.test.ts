import { describe, expect, it } from "vitest";
import {
  atEndOf,
  type Progress,
  pendingRanges,
  progressIn,
  readRanges,
} from "../../../../src/local/firehose/progress.ts";
import type { ReadableStream } from "../../../../src/local/kinesis/service.ts";

const MiB = 1024 * 1024;

/** A stream with so many records of `bytes` in each shard; the first `gone` of shard `a` retention has taken. */
function streamOf(counts: Record<string, number>, { bytes = 1, gone = 0, id = "one" } = {}): ReadableStream {
  return {
    id,
    shards: Object.entries(counts).map(([shard, next]) => ({
      id: shard,
      next,
      oldest: async () => (shard === "a" ? gone : 0),
      bytesFrom: async (ordinal) => (next - ordinal) * bytes,
      read: async (from, { maxRecords, maxBytes }) => {
        const first = Math.max(from, shard === "a" ? gone : 0);
        const count = Math.max(
          0,
          Math.min(next - first, maxRecords, Math.max(1, Math.floor(maxBytes / bytes))),
        );
        return Array.from({ length: count }, (_, at) => ({
          ordinal: first + at,
          arrivedAt: 0,
          key: shard,
          data: Buffer.alloc(bytes),
        }));
      },
    })),
  };
}

async function read(stream: ReadableStream, ranges = pendingRanges(stream, {}), maxBytes = 1e9) {
  const records: string[] = [];
  let lost = 0;
  const done = await readRanges(
    stream,
    ranges,
    maxBytes,
    ({ key, ordinal }) => void records.push(key + ordinal),
    (count) => {
      lost += count;
    },
  );
  return { done, records, lost };
}

describe("reading for a delivery", () => {
  it("takes everything behind the positions, and no record twice", async () => {
    const stream = streamOf({ a: 3, b: 2 });
    const { done, records } = await read(stream, pendingRanges(stream, { a: 1, b: 2 }));
    expect(records).toEqual(["a1", "a2"]);
    expect(done).toEqual({ a: [1, 3], b: [2, 2] });
  });

  it("lets shards take turns and stops at the size of a batch, saying where", async () => {
    const stream = streamOf({ a: 100, b: 100 }, { bytes: MiB / 2 });
    const { done, records } = await read(stream, pendingRanges(stream, {}), 3 * MiB);
    expect(records).toEqual(["a0", "a1", "b0", "b1", "a2", "a3"]);
    expect(done).toEqual({ a: [0, 4], b: [0, 2] });
  });

  it("reads exactly the same ranges again, whatever has come since", async () => {
    const first = await read(streamOf({ a: 3, b: 1 }));
    const again = await read(streamOf({ a: 9, b: 9, c: 5 }), first.done);
    expect(again.records).toEqual(first.records);
  });

  it("counts what retention took, and goes on behind it", async () => {
    const { done, records, lost } = await read(streamOf({ a: 4 }, { gone: 3 }));
    expect([records, lost, done]).toEqual([["a3"], 3, { a: [0, 4] }]);
    const all = await read(streamOf({ a: 4 }, { gone: 4 }));
    expect([all.records, all.lost, all.done]).toEqual([[], 4, { a: [0, 4] }]);
  });
});

describe("progress", () => {
  it("of a new delivery stands at the end of the stream", () => {
    expect(atEndOf(streamOf({ a: 3, b: 0 }))).toEqual({
      streamId: "one",
      positions: { a: 3, b: 0 },
      intent: null,
    });
  });

  it("begins anew in another stream of the same name, without the batch of the old one", () => {
    const before = {
      streamId: "one",
      positions: { a: 7 },
      intent: { ranges: {} },
    } as unknown as Progress;
    expect(progressIn(streamOf({ a: 9 }), before)).toEqual(before);
    expect(progressIn(streamOf({ a: 9 }, { id: "two" }), before)).toEqual({
      streamId: "two",
      positions: { a: 0 },
      intent: null,
    });
  });
});
