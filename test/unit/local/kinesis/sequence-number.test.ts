import { describe, expect, it } from "vitest";
import { parseSequenceNumber, sequenceNumber } from "../../../../src/local/kinesis/sequence-number.ts";

const shard = { shardCreatedAt: Date.UTC(2026, 0, 1), shardIndex: 3, arrivedAt: Date.UTC(2026, 0, 2) };
const at = (ordinal: number, arrivedAt = shard.arrivedAt) => sequenceNumber({ ...shard, ordinal, arrivedAt });

describe("a sequence number", () => {
  it("has 56 digits and begins with 49, as AWS's do", () => {
    expect(at(0)).toMatch(/^49\d{54}$/);
    expect(at(Number.MAX_SAFE_INTEGER)).toMatch(/^49\d{54}$/);
  });

  it("grows with the ordinal, whatever the clock does", () => {
    const numbers = [at(0), at(1), at(2, shard.arrivedAt - 5_000), at(15), at(16), at(2 ** 40)];
    expect([...numbers].sort()).toEqual(numbers);
  });

  it("gives back what it was made of", () => {
    for (const ordinal of [0, 1, 4_096, Number.MAX_SAFE_INTEGER]) {
      expect(parseSequenceNumber(at(ordinal))).toEqual({ ...shard, ordinal });
    }
  });

  it("is not any number", () => {
    for (const text of ["", "0", "49", "abc", at(1).slice(1), `${at(1)}0`, "9".repeat(56)]) {
      expect(parseSequenceNumber(text)).toBeUndefined();
    }
  });
});
