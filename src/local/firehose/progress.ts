import type { ReadableShard, ReadableStream } from "../kinesis/service.ts";
import type { LoggedRecord } from "../storage/record-log.ts";
import type { BatchIdentity } from "./batch.ts";
import type { S3Destination } from "./destination.ts";

/** Bytes taken from a shard before it is the next one's turn. */
const TURN_BYTES = 1024 * 1024;

/** Ordinals of each shard's records: from the first one to before the last one. */
export type Ranges = Record<string, [from: number, to: number]>;

/**
 * A batch that is being stored. It is written down before the first of its objects is, so that after a crash the
 * same records go into the same objects again, and those that are there already stay the only ones.
 */
export interface Intent extends BatchIdentity {
  ranges: Ranges;
  destination: S3Destination;
}

/** How far a delivery has come. */
export interface Progress {
  /** Of the stream that the positions are in. */
  streamId: string;
  /** By shard: the first record that is not in S3. */
  positions: Record<string, number>;
  intent: Intent | null;
}

/** Progress of a delivery that stands at the end of a stream: as a new one does, it takes what comes. */
export function atEndOf(stream: ReadableStream): Progress {
  return {
    streamId: stream.id,
    positions: Object.fromEntries(stream.shards.map((shard) => [shard.id, shard.next])),
    intent: null,
  };
}

/** Progress in the stream as it is now: in another stream of the same name it begins anew. */
export function progressIn(stream: ReadableStream, before: Progress | undefined): Progress {
  const same = before?.streamId === stream.id;
  const positions = same ? before.positions : {};
  return {
    streamId: stream.id,
    positions: Object.fromEntries(stream.shards.map(({ id }) => [id, positions[id] ?? 0])),
    intent: same ? before.intent : null,
  };
}

/** Everything behind the positions. */
export function pendingRanges(stream: ReadableStream, positions: Progress["positions"]): Ranges {
  return Object.fromEntries(
    stream.shards.map(({ id, next }) => [id, [Math.min(positions[id] ?? 0, next), next]] as const),
  ) as Ranges;
}

/**
 * Reads ranges, the shards taking turns, until everything was read or it is `maxBytes`.
 * @param lost is told how many records retention took before they were read
 * @returns the ranges that were read
 */
export async function readRanges(
  stream: ReadableStream,
  ranges: Ranges,
  maxBytes: number,
  take: (record: LoggedRecord) => void,
  lost: (records: number) => void,
): Promise<Ranges> {
  const read: Ranges = {};
  let bytes = 0;
  let left = stream.shards.filter(({ id }) => {
    const [from, to] = ranges[id] ?? [0, 0];
    read[id] = [from, from];
    return from < to;
  });
  while (left.length > 0 && bytes < maxBytes) {
    const more: ReadableShard[] = [];
    for (const shard of left) {
      const range = read[shard.id];
      if (!range || bytes >= maxBytes) continue;
      const to = ranges[shard.id]?.[1] ?? 0;
      const oldest = await shard.oldest();
      if (oldest > range[1]) lost(Math.min(oldest, to) - range[1]);
      const maxRecords = to - range[1];
      const records = (await shard.read(range[1], { maxRecords, maxBytes: TURN_BYTES })).filter(
        ({ ordinal }) => ordinal < to,
      );
      for (const record of records) {
        take(record);
        bytes += record.data.length;
      }
      const last = records.at(-1);
      range[1] = last ? last.ordinal + 1 : to;
      if (range[1] < to) more.push(shard);
    }
    left = more;
  }
  return read;
}
