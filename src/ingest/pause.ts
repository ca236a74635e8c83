import { setTimeout } from "node:timers/promises";

/** Waits `ms` milliseconds; rejects with the signal's reason when it is aborted. Injected, so that tests don't wait. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>;

export const systemPause: Pause = async (ms, signal) => {
  signal?.throwIfAborted();
  try {
    await setTimeout(ms, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
};
