import { isConnectionError } from "../ingest/patience.ts";
import type { Pause } from "../ingest/pause.ts";
import type { Proof } from "./proof.ts";
import type { Settler } from "./settler.ts";
import type { DeadLetter, Tally, TallyCounts } from "./tally.ts";

/** Polls without progress before a thorough look. */
const QUIET_POLLS = 4;

export interface WaitParts {
  timeoutMs: number;
  /** Milliseconds between two looks. */
  pollMs: number;
  now(): number;
  pause: Pause;
  signal: AbortSignal;
  onProgress(counts: TallyCounts): void;
}

export interface WaitResult extends TallyCounts {
  timedOut: boolean;
  deadLetters: DeadLetter[];
  figures?: Settler["figures"];
}

/**
 * Waits until every record of a run has come to an end. An engine that is being restarted meanwhile is waited for.
 * What is still missing at the timeout stays missing.
 * @throws the signal's reason when it is aborted.
 */
export async function waitForRun(
  settler: Pick<Settler, "counts" | "deadLetters" | "figures" | "look">,
  parts: WaitParts,
): Promise<WaitResult> {
  const { now, pollMs, signal } = parts;
  const deadline = now() + parts.timeoutMs;
  const missing = () => settler.counts.missing;
  let quiet = 0;
  for (;;) {
    const before = missing();
    const last = now() >= deadline;
    try {
      await settler.look(last || quiet % QUIET_POLLS === QUIET_POLLS - 1);
    } catch (error) {
      if (!isConnectionError(error)) throw error;
    }
    parts.onProgress(settler.counts);
    if (missing() === 0 || last) break;
    quiet = missing() < before ? 0 : quiet + 1;
    await parts.pause(Math.min(pollMs, Math.max(deadline - now(), 1)), signal);
  }
  const { counts, deadLetters, figures } = settler;
  return { ...counts, timedOut: counts.missing > 0, deadLetters, ...(figures && { figures }) };
}

/** Asks proofs one after the other, until nothing is missing. */
export async function settleAll(
  tally: Tally,
  proofs: readonly Proof[],
  thorough: boolean,
  onFound: () => void = () => {},
): Promise<void> {
  for (const proof of proofs) {
    if (tally.missing.size === 0) return;
    for await (const { id, end } of proof.find(tally.missing, thorough)) {
      tally.settle(id, end);
      onFound();
    }
  }
}
