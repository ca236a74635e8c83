import { crc32 } from "node:zlib";

/** A record as it was given. */
export interface LogInput {
  key: string;
  data: Buffer;
}

/** A record of a log. */
export interface LoggedRecord extends LogInput {
  /** Position in the log; grows, but may leave numbers out. */
  ordinal: number;
  /** Milliseconds since the epoch; never less than the record before. */
  arrivedAt: number;
}

/**
 * Length of what follows, its complement and the CRC-32 of what follows, 4 bytes each. Without the complement an
 * altered length could pass for a record that was cut off.
 */
const HEAD_BYTES = 12;
/** Ordinal and arrival, 8 bytes each, and the length of the key, 2 bytes. */
const FIXED_BYTES = 18;

export function frameBytes({ key, data }: LogInput): number {
  return HEAD_BYTES + FIXED_BYTES + Buffer.byteLength(key) + data.length;
}

/** Writes a record into `buffer` at `offset`; returns where it ends. */
export function writeFrame(buffer: Buffer, offset: number, record: LoggedRecord): number {
  const start = offset + HEAD_BYTES;
  buffer.writeDoubleBE(record.ordinal, start);
  buffer.writeDoubleBE(record.arrivedAt, start + 8);
  const keyLength = buffer.write(record.key, start + FIXED_BYTES);
  buffer.writeUInt16BE(keyLength, start + 16);
  const end = start + FIXED_BYTES + keyLength + record.data.copy(buffer, start + FIXED_BYTES + keyLength);
  buffer.writeUInt32BE(end - start, offset);
  buffer.writeUInt32BE(~(end - start) >>> 0, offset + 4);
  buffer.writeUInt32BE(crc32(buffer.subarray(start, end)), offset + 8);
  return end;
}

export interface Frame {
  record: LoggedRecord;
  end: number;
}

/** What stands where a record should: one cut off after `needs` bytes at least, or an altered one. */
export type NoFrame = { needs: number } | { damagedUntil: number };

/** Reads the record at `offset`; its data is a part of `buffer`, not a copy. */
export function readFrame(buffer: Buffer, offset: number): Frame | NoFrame {
  const start = offset + HEAD_BYTES;
  if (buffer.length < start) return { needs: HEAD_BYTES };
  const length = buffer.readUInt32BE(offset);
  if (~length >>> 0 !== buffer.readUInt32BE(offset + 4)) return { damagedUntil: start };
  const end = start + length;
  if (buffer.length < end) return { needs: end - offset };
  const content = buffer.subarray(start, end);
  if (content.length < FIXED_BYTES || crc32(content) !== buffer.readUInt32BE(offset + 8)) {
    return { damagedUntil: end };
  }
  const dataStart = FIXED_BYTES + content.readUInt16BE(16);
  return {
    end,
    record: {
      ordinal: content.readDoubleBE(0),
      arrivedAt: content.readDoubleBE(8),
      key: content.toString("utf8", FIXED_BYTES, dataStart),
      data: content.subarray(dataStart),
    },
  };
}
