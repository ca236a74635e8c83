import { type FileHandle, open } from "node:fs/promises";
import type { Chunk } from "./chunks.ts";
import { type Cursor, compareEvents, decodeEvent, type StoredEvent } from "./event.ts";
import type { EventStore } from "./event-store.ts";
import { linesOf, readRange, segmentPath } from "./segment-file.ts";

export interface ScanOptions {
  /** Earliest and latest timestamp, both included, in milliseconds since the epoch. */
  from: number;
  to: number;
  /** Numbers of the streams; undefined for all. */
  streams?: ReadonlySet<number>;
  /** Begins behind this place (before it when scanning backward). */
  after?: Cursor;
  backward?: boolean;
  /** Called for a line whose checksum doesn't fit; the scan goes on without it. */
  damaged(place: string): void;
}

/**
 * Yields events in the order of time (or against it) without holding more than the chunks whose times
 * overlap: a chunk is read when everything before its earliest event has been yielded.
 */
export async function* scan(store: EventStore, options: ScanOptions): AsyncGenerator<StoredEvent> {
  const sign = options.backward ? -1 : 1;
  const edge = (chunk: Chunk) => (options.backward ? chunk.latest : chunk.earliest);
  const { chunks } = await store.index();
  const wanted = chunks
    .filter((chunk) => overlaps(chunk, options))
    // A copy, as the last chunk still grows; what comes later is for the next scan.
    .map((chunk) => ({ ...chunk }))
    .sort((a, b) => sign * (edge(a) - edge(b)));
  const files = new OpenFiles(store.directory);
  try {
    let held: StoredEvent[] = [];
    for (const chunk of wanted) {
      const ready = held.findIndex((event) => sign * (event.timestamp - edge(chunk)) >= 0);
      yield* held.splice(0, ready === -1 ? held.length : ready);
      held.push(...(await readChunk(files, chunk, options)));
      held = held.sort((a, b) => sign * compareEvents(a, b));
    }
    yield* held;
  } finally {
    await files.close();
  }
}

function overlaps(chunk: Chunk, { from, to, streams, after, backward }: ScanOptions): boolean {
  if (chunk.latest < from || chunk.earliest > to) return false;
  if (after && (backward ? chunk.earliest > after.timestamp : chunk.latest < after.timestamp)) return false;
  if (!streams) return true;
  for (const stream of chunk.streams) if (streams.has(stream)) return true;
  return false;
}

async function readChunk(files: OpenFiles, chunk: Chunk, options: ScanOptions): Promise<StoredEvent[]> {
  const { from, to, streams, after, backward } = options;
  const handle = await files.get(chunk.segment);
  // Retention may have deleted the file since the scan began.
  if (!handle) return [];
  const events: StoredEvent[] = [];
  for (const { line, offset } of linesOf(await readRange(handle, chunk.offset, chunk.length), chunk.offset)) {
    const event = decodeEvent(line, { segment: chunk.segment, offset });
    if (!event) {
      options.damaged(`segment ${chunk.segment}, byte ${offset}`);
      continue;
    }
    if (event.timestamp < from || event.timestamp > to) continue;
    if (streams && !streams.has(event.stream)) continue;
    if (after && (backward ? compareEvents(event, after) >= 0 : compareEvents(event, after) <= 0)) continue;
    events.push(event);
  }
  return events;
}

class OpenFiles {
  #handles = new Map<number, FileHandle | undefined>();

  constructor(private readonly directory: string) {}

  async get(segment: number): Promise<FileHandle | undefined> {
    if (this.#handles.has(segment)) return this.#handles.get(segment);
    const handle = await open(segmentPath(this.directory, segment), "r").catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      },
    );
    this.#handles.set(segment, handle);
    return handle;
  }

  async close(): Promise<void> {
    for (const handle of this.#handles.values()) await handle?.close();
  }
}
