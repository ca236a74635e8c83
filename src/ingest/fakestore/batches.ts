import type { Pause } from "../pause.ts";
import type { OutgoingEvent } from "./event.ts";

/** The API takes 1 MB; what the array adds is little. */
const MAX_BATCH_BYTES = 950_000;
/** A sender that was held up may catch up on so much at once. */
const CATCH_UP_MS = 1_000;

export interface BatchOptions {
  /** Events in a batch, at most. */
  size: number;
  /** Events per second at most; undefined for as fast as they are taken. */
  rate: number | undefined;
  /** After this time nothing more begins, milliseconds since the epoch. */
  endMs: number;
  pause: Pause;
  now(): number;
  signal: AbortSignal;
}

/**
 * Groups events into batches that are due at the asked rate: a batch holds at most a second's events then. Who takes
 * them slowly gets them slowly, with no flood afterwards. Safe for several takers.
 */
export async function* batches(
  events: AsyncIterable<OutgoingEvent>,
  { size, rate, endMs, pause, now, signal }: BatchOptions,
): AsyncGenerator<OutgoingEvent[]> {
  const most = rate === undefined ? size : Math.min(size, Math.max(1, Math.floor(rate)));
  let dueMs = now();
  let batch: OutgoingEvent[] = [];
  let bytes = 0;
  /** Resolves when the next batch is due; false when that is too late. */
  const due = async (count: number): Promise<boolean> => {
    if (rate !== undefined) {
      dueMs = Math.max(dueMs, now() - CATCH_UP_MS);
      if (dueMs >= endMs) return false;
      if (dueMs > now()) await pause(dueMs - now(), signal);
      dueMs += (count / rate) * 1000;
    }
    return now() < endMs;
  };
  for await (const event of events) {
    const full = batch.length >= most || bytes + event.bytes + 1 > MAX_BATCH_BYTES;
    if (full && batch.length > 0) {
      if (!(await due(batch.length))) return;
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(event);
    bytes += event.bytes + 1;
  }
  if (batch.length > 0 && (await due(batch.length))) yield batch;
}
