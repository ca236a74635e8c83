/** What a sequence number says. */
export interface SequenceParts {
  /** Creation of the shard, in milliseconds since the epoch; seconds are kept. */
  shardCreatedAt: number;
  shardIndex: number;
  /** Position of the record in its shard. */
  ordinal: number;
  /** Arrival of the record, in milliseconds since the epoch; seconds are kept. */
  arrivedAt: number;
}

/**
 * The sequence number of a record, in the form AWS's have: 56 digits, a 186-bit number with version, creation of the
 * shard, ordinal, time and shard from the highest bits down, so that numbers of one shard grow with the ordinal.
 */
export function sequenceNumber({ shardCreatedAt, shardIndex, ordinal, arrivedAt }: SequenceParts): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0").slice(-digits);
  return BigInt(
    `0x2${hex(Math.floor(shardCreatedAt / 1000), 9)}${hex(shardIndex, 1)}${hex(ordinal, 16)}00${hex(Math.floor(arrivedAt / 1000), 9)}${hex(shardIndex, 8)}2`,
  ).toString();
}

/** Reads a sequence number; undefined for what is none. */
export function parseSequenceNumber(text: string): SequenceParts | undefined {
  if (!/^[1-9]\d{55}$/.test(text)) return undefined;
  const hex = BigInt(text).toString(16);
  if (hex.length !== 47 || !hex.startsWith("2") || !hex.endsWith("2")) return undefined;
  const number = (from: number, to: number) => Number.parseInt(hex.slice(from, to), 16);
  return {
    shardCreatedAt: number(1, 10) * 1000,
    ordinal: number(11, 27),
    arrivedAt: number(29, 38) * 1000,
    shardIndex: number(38, 46),
  };
}
