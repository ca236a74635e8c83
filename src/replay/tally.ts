import type { Letter } from "../dead-letters/letter.ts";
import type { FailureGroup, QueueTally, Skip } from "./types.ts";

type Count = "replayed" | "alreadySent" | "undeleted";

/** Counts what becomes of the letters of one replay, by queue and by reason. */
export class Accounts {
  readonly #queues = new Map<string, QueueTally>();
  readonly #failures = new Map<string, FailureGroup>();
  readonly skippedBecause: Partial<Record<Skip, number>> = {};
  /** Sent now, though a killed replay was just sending them. */
  maybeDoubled = 0;

  add(queue: string, count: Count, by = 1): void {
    const tally = this.#of(queue);
    tally[count] += by;
    if (count !== "undeleted") tally.found += by;
  }

  skip(queue: string, why: Skip): void {
    const tally = this.#of(queue);
    tally.skipped++;
    tally.found++;
    this.skippedBecause[why] = (this.skippedBecause[why] ?? 0) + 1;
  }

  fail(queue: string, { messageId }: Pick<Letter, "messageId">, code: string, message: string): void {
    const tally = this.#of(queue);
    tally.failed++;
    tally.found++;
    const key = `${code}\n${message}`;
    const group = this.#failures.get(key) ?? { code, message, count: 0, messageId };
    group.count++;
    this.#failures.set(key, group);
  }

  left(queue: string, visible: number, inFlight: number): void {
    Object.assign(this.#of(queue), { left: visible, elsewhere: inFlight });
  }

  get queues(): QueueTally[] {
    return [...this.#queues.values()];
  }

  /** The most frequent first. */
  get failures(): FailureGroup[] {
    return [...this.#failures.values()].sort((a, b) => b.count - a.count);
  }

  /** Sum over the queues. */
  get total(): Omit<QueueTally, "queue"> {
    const total = {
      found: 0,
      replayed: 0,
      alreadySent: 0,
      failed: 0,
      skipped: 0,
      undeleted: 0,
      elsewhere: 0,
    };
    for (const tally of this.#queues.values()) {
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += tally[key];
    }
    const known = this.queues.filter(({ left }) => left !== null);
    return {
      ...total,
      left: known.length === 0 ? null : known.reduce((sum, { left }) => sum + (left ?? 0), 0),
    };
  }

  #of(queue: string): QueueTally {
    const known = this.#queues.get(queue);
    if (known) return known;
    const tally: QueueTally = {
      queue,
      found: 0,
      replayed: 0,
      alreadySent: 0,
      failed: 0,
      skipped: 0,
      undeleted: 0,
      left: null,
      elsewhere: 0,
    };
    this.#queues.set(queue, tally);
    return tally;
  }
}
