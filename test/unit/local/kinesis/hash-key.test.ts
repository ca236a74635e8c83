import { describe, expect, it } from "vitest";
import { evenRanges, explicitHashKey, hashKeyOf } from "../../../../src/local/kinesis/hash-key.ts";

const LAST = (1n << 128n) - 1n;

describe("hash keys", () => {
  it("are the MD5 of the partition key as a number", () => {
    expect(hashKeyOf("a")).toBe(0x0cc175b9c0f1b6a831c399e269772661n);
    expect(hashKeyOf("größer")).toBe(0x3b1f5bccdd98086ae8f1852fd2aabe54n);
  });

  it.each([1, 2, 3, 4, 7, 500])("are divided over %i shards without a gap", (count) => {
    const ranges = evenRanges(count).map((range) => [
      BigInt(range.StartingHashKey),
      BigInt(range.EndingHashKey),
    ]);
    expect(ranges).toHaveLength(count);
    expect(ranges[0]?.[0]).toBe(0n);
    expect(ranges.at(-1)?.[1]).toBe(LAST);
    ranges.slice(1).forEach(([start = 0n], index) => {
      expect(start - (ranges[index]?.[1] ?? 0n)).toBe(1n);
    });
  });

  it("may be given, as a decimal number below 2^128", () => {
    expect(explicitHashKey("0")).toBe(0n);
    expect(explicitHashKey(String(LAST))).toBe(LAST);
    for (const wrong of ["", "-1", "01", "1.5", "x", String(LAST + 1n)]) {
      expect(explicitHashKey(wrong)).toBeUndefined();
    }
  });
});
