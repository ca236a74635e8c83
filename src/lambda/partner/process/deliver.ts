import { eachLimited } from "../../shared/parallel.ts";
import type { DaySet } from "./day-set.ts";
import type { Invocation } from "./invocation.ts";
import type { Claim, Ledger } from "./ledger.ts";
import { errorMessageId } from "./messages.ts";
import { MOST_RECORDS, markSent, recordResults } from "./records.ts";
import { BATCH, sendMessages } from "./send.ts";
import type { CustomerResult } from "./transform.ts";

/**
 * Up to so many, messages are sent and noted one by one: after a crash at most one of them is sent again. That
 * takes some 15 seconds at most. Beyond, ten are sent and noted together, in {@link LANES} lanes at a time.
 */
export const ONE_BY_ONE = 1_000;
/** Lanes of customers' messages of a large day; error messages go in one. A crash can repeat a batch of each. */
export const LANES = 8;

/** Messages that are sent together, for a day of so many. */
export function batchSize(messages: number): number {
  return messages <= ONE_BY_ONE ? 1 : BATCH;
}

/**
 * Sends the error messages of a run, one batch after the other, and notes after each how many are done. What an
 * earlier attempt has noted is passed over.
 */
export async function deliverErrors(
  bodies: readonly string[],
  claim: Claim,
  size: number,
  ledger: Ledger,
  run: Invocation,
): Promise<void> {
  const { runId, date } = claim.set;
  for (let first = claim.told; first < bodies.length; first += size) {
    const batch = bodies.slice(first, first + size).map((body, index) => ({
      body,
      date,
      messageId: errorMessageId(runId, first + index),
      version: claim.runsBefore + 1,
    }));
    await sendMessages(batch, run);
    await ledger.told(claim, first + batch.length);
  }
}

/**
 * Records every customer's result, and sends and marks those messages that are due.
 * @returns number of customers, and of messages that the set gives rise to
 */
export async function deliverCustomers(
  results: Iterable<CustomerResult>,
  set: DaySet,
  size: number,
  run: Invocation,
): Promise<{ customers: number; messages: number }> {
  const sum = { customers: 0, messages: 0 };
  let failure: { error: unknown } | undefined;
  const untilFailure = () => failure === undefined;
  await eachLimited(slices(results, MOST_RECORDS, untilFailure), size === 1 ? 1 : LANES, async (slice) => {
    try {
      const { due, messages } = await recordResults(slice, set, run);
      for (const batch of slices(due, size, untilFailure)) {
        await sendMessages(batch, run);
        await markSent(batch, run);
      }
      sum.customers += slice.length;
      sum.messages += messages;
    } catch (error) {
      failure ??= { error };
    }
  });
  // Only when every lane has come to rest: nothing of this attempt may go on beside the next.
  if (failure) throw failure.error;
  return sum;
}

function* slices<T>(items: Iterable<T>, size: number, goOn: () => boolean): Generator<T[]> {
  let slice: T[] = [];
  for (const item of items) {
    if (!goOn()) return;
    slice.push(item);
    if (slice.length < size) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0 && goOn()) yield slice;
}
