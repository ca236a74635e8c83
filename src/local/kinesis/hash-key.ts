import { createHash } from "node:crypto";

/** Hash keys are numbers from 0 to 2^128 - 1. */
const RANGE = 1n << 128n;

export interface HashKeyRange {
  /** Decimal. */
  StartingHashKey: string;
  EndingHashKey: string;
}

/** The hash key of a partition key: its MD5 as a number. */
export function hashKeyOf(partitionKey: string): bigint {
  return BigInt(`0x${createHash("md5").update(partitionKey).digest("hex")}`);
}

/** An ExplicitHashKey; undefined when it is not a decimal number below 2^128 without leading zeros. */
export function explicitHashKey(text: string): bigint | undefined {
  if (!/^(0|[1-9]\d{0,38})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < RANGE ? value : undefined;
}

/** The hash keys in `count` ranges of one size, the last one taking what is left over. */
export function evenRanges(count: number): HashKeyRange[] {
  const size = RANGE / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    StartingHashKey: String(size * BigInt(index)),
    EndingHashKey: String(index === count - 1 ? RANGE - 1n : size * BigInt(index + 1) - 1n),
  }));
}
