import { decodeHead } from "./event.ts";

/** Events are indexed in chunks of about this many bytes: what a search reads at once. */
const CHUNK_BYTES = 64 * 1024;

/** A run of whole lines in a segment, and what is known of them without reading. */
export interface Chunk {
  segment: number;
  offset: number;
  length: number;
  earliest: number;
  latest: number;
  streams: Set<number>;
}

/** What DescribeLogStreams tells of a stream's events. */
export interface StreamStatistics {
  first: number;
  last: number;
  lastIngestion: number;
}

/** The sparse index of a group's events: what time and which streams each chunk of the files holds. */
export class ChunkIndex {
  chunks: Chunk[] = [];
  readonly statistics = new Map<number, StreamStatistics>();

  /** Notes one line of `length` bytes (line break included) at `offset`. Lines of a segment come in order. */
  add(segment: number, offset: number, length: number, line: Buffer): void {
    const { timestamp, ingestionTime, stream } = decodeHead(line);
    let chunk = this.chunks.at(-1);
    if (!chunk || chunk.segment !== segment || chunk.length >= CHUNK_BYTES) {
      chunk = { segment, offset, length: 0, earliest: timestamp, latest: timestamp, streams: new Set() };
      this.chunks.push(chunk);
    }
    chunk.length += length;
    chunk.earliest = Math.min(chunk.earliest, timestamp);
    chunk.latest = Math.max(chunk.latest, timestamp);
    chunk.streams.add(stream);
    const known = this.statistics.get(stream);
    this.statistics.set(stream, {
      first: Math.min(known?.first ?? timestamp, timestamp),
      last: Math.max(known?.last ?? timestamp, timestamp),
      lastIngestion: Math.max(known?.lastIngestion ?? ingestionTime, ingestionTime),
    });
  }

  /** Forgets the chunks of a segment that is deleted. */
  dropSegment(segment: number): void {
    this.chunks = this.chunks.filter((chunk) => chunk.segment !== segment);
  }

  /** Puts the index of older segments before this one's. */
  prepend(older: ChunkIndex): void {
    this.chunks.unshift(...older.chunks);
    for (const [stream, { first, last, lastIngestion }] of older.statistics) {
      const known = this.statistics.get(stream);
      this.statistics.set(stream, {
        first: Math.min(known?.first ?? first, first),
        last: Math.max(known?.last ?? last, last),
        lastIngestion: Math.max(known?.lastIngestion ?? lastIngestion, lastIngestion),
      });
    }
  }
}
