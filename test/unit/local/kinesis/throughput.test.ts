import { describe, expect, it } from "vitest";
import { WriteLimit } from "../../../../src/local/kinesis/throughput.ts";

const LIMIT = { records: 10, bytes: 1_000 };

describe("a shard's write limit", () => {
  const taken = (limit: WriteLimit, count: number, bytes: number, now: number) =>
    Array.from({ length: count }, () => limit.take(bytes, now, LIMIT)).filter(Boolean).length;

  it("gives one second's worth at once, and fills up again evenly", () => {
    const limit = new WriteLimit();
    expect(taken(limit, 20, 1, 0)).toBe(10);
    expect(taken(limit, 20, 1, 99)).toBe(0);
    expect(taken(limit, 20, 1, 500)).toBe(5);
    expect(taken(limit, 20, 1, 60_000)).toBe(10);
  });

  it("counts bytes beside records, and takes nothing of what it refuses", () => {
    const limit = new WriteLimit();
    expect(limit.take(900, 0, LIMIT)).toBe(true);
    expect(limit.take(200, 0, LIMIT)).toBe(false);
    expect(limit.take(100, 0, LIMIT)).toBe(true);
  });

  it("is not upset by a clock that goes back", () => {
    const limit = new WriteLimit();
    expect(taken(limit, 20, 1, 10_000)).toBe(10);
    expect(taken(limit, 20, 1, 5_000)).toBe(0);
    expect(taken(limit, 20, 1, 6_000)).toBe(10);
  });
});
