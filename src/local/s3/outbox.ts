import type { EngineParts } from "../service.ts";
import { AppendLog } from "../storage/append-log.ts";
import { busEvent, type Change, notification } from "./events.ts";

/** Shortest and longest pause between two attempts, in milliseconds. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** How long an undeliverable event is tried, in milliseconds; EventBridge gives up after the same time. */
const RETRY_FOR_MS = 24 * 3600 * 1000;
/** The log is rewritten when it holds this many records and most of them are settled. */
const COMPACT_AT = 4_000;
const SETTLED_SHARE = 4;
/** Events left by a stopped engine go out this long after the start: the receivers are up by then. */
const REPLAY_DELAY_MS = 100;

type OutboxRecord =
  /** Written before the change is made. */
  | { intent: Change }
  /** The change was made but not delivered at once: a replay need not ask whether it happened. */
  | { made: number }
  /** Delivered, or the change was not made after all. */
  | { settled: number };

interface Entry {
  change: Change;
  made: boolean;
  attempts: number;
  cancelRetry?: () => void;
}

/**
 * Holds every event from before its change is made until all receivers have it, through crashes: none is
 * lost, some may come twice, as on AWS.
 */
export class Outbox {
  #entries = new Map<number, Entry>();
  #log: AppendLog<OutboxRecord>;
  #compacting = false;
  #closed = false;

  private constructor(
    private readonly parts: EngineParts,
    log: AppendLog<OutboxRecord>,
    entries: Map<number, Entry>,
  ) {
    this.#log = log;
    this.#entries = entries;
  }

  static async open(file: string, parts: EngineParts): Promise<Outbox> {
    const entries = new Map<number, Entry>();
    const log = await AppendLog.open<OutboxRecord>(file, (record) => {
      if ("intent" in record)
        entries.set(record.intent.sequence, { change: record.intent, made: false, attempts: 0 });
      else if ("settled" in record) entries.delete(record.settled);
      else {
        const entry = entries.get(record.made);
        if (entry) entry.made = true;
      }
    });
    return new Outbox(parts, log, entries);
  }

  /** Events that are not delivered yet. */
  get pending(): number {
    return this.#entries.size;
  }

  /** Highest sequence among the events that are left. */
  get lastSequence(): number {
    return Math.max(0, ...this.#entries.keys());
  }

  /** Sends what a stopped engine left behind, soon; `happened` tells whether a change was really made. */
  replay(happened: (change: Change) => boolean): void {
    const left = [...this.#entries.values()];
    if (left.length === 0) return;
    const send = async () => {
      for (const entry of left) {
        if (this.#closed) return;
        if (entry.made || happened(entry.change)) await this.deliver(entry.change);
        else this.cancel(entry.change);
      }
    };
    this.parts.clock.after(REPLAY_DELAY_MS, () => void send());
  }

  /** Resolves when the intent is on disk. @throws the error of the disk; the change must not be made then. */
  async intend(change: Change): Promise<void> {
    this.#entries.set(change.sequence, { change, made: false, attempts: 0 });
    try {
      await this.#log.append({ intent: change });
    } catch (error) {
      this.#entries.delete(change.sequence);
      throw error;
    }
  }

  /** The change was not made: its event is not sent. */
  cancel(change: Change): void {
    this.#settle(change.sequence);
  }

  /** Tries once to deliver and resolves either way; what fails is tried again later. Never rejects. */
  async deliver(change: Change): Promise<void> {
    const entry = this.#entries.get(change.sequence);
    if (!entry) return;
    const failed = await this.#attempt(entry.change);
    if (failed === undefined) {
      this.#settle(change.sequence);
      return;
    }
    entry.change = failed.left;
    entry.attempts++;
    if (this.parts.clock.now() - change.time > RETRY_FOR_MS) {
      this.parts.log(`s3: gave up on the event of ${name(change)} after 24 hours: ${failed.reason}`);
      this.#settle(change.sequence);
      return;
    }
    this.parts.log(`s3: the event of ${name(change)} was not delivered and is tried again: ${failed.reason}`);
    if (!entry.made) {
      entry.made = true;
      this.#write({ made: change.sequence });
    }
    if (this.#closed) return;
    const delay = Math.min(FIRST_RETRY_MS * 2 ** (entry.attempts - 1), LAST_RETRY_MS);
    entry.cancelRetry = this.parts.clock.after(delay, () => void this.deliver(change));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const entry of this.#entries.values()) entry.cancelRetry?.();
    await this.#log.close();
  }

  /** @returns undefined when all receivers have it, otherwise the change with those that don't. */
  async #attempt(change: Change): Promise<{ left: Change; reason: string } | undefined> {
    const left: Change = { ...change, eventBridge: false, targets: [] };
    const reasons: string[] = [];
    if (change.eventBridge) {
      await this.#guarded(
        () => this.parts.wiring.putEvent(busEvent(change)),
        (reason) => {
          left.eventBridge = true;
          reasons.push(`EventBridge: ${reason}`);
        },
      );
    }
    for (const target of change.targets) {
      await this.#guarded(
        () => this.parts.wiring.deliver(target.arn, { body: notification(change, target.configurationId) }),
        (reason) => {
          left.targets.push(target);
          reasons.push(`${target.arn}: ${reason}`);
        },
      );
    }
    return reasons.length === 0 ? undefined : { left, reason: reasons.join("; ") };
  }

  async #guarded(send: () => Promise<void>, failed: (reason: string) => void): Promise<void> {
    try {
      await send();
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
    }
  }

  #settle(sequence: number): void {
    if (!this.#entries.delete(sequence)) return;
    this.#write({ settled: sequence });
    void this.#compactWhenWorthIt();
  }

  /** Not waited for: should it be lost in a crash, the event is sent once more. */
  #write(record: OutboxRecord): void {
    if (this.#closed) return;
    this.#log.append(record).catch((error: Error) => this.parts.log(`s3 outbox: ${error.message}`));
  }

  async #compactWhenWorthIt(): Promise<void> {
    const { records } = this.#log;
    if (this.#compacting || this.#closed || records < COMPACT_AT) return;
    if (records < this.#entries.size * SETTLED_SHARE) return;
    this.#compacting = true;
    try {
      await this.#log.compact(() => this.#live());
    } catch (error) {
      this.parts.log(`s3 outbox: could not be compacted: ${(error as Error).message}`);
    } finally {
      this.#compacting = false;
    }
  }

  *#live(): Generator<OutboxRecord> {
    for (const { change, made } of this.#entries.values()) {
      yield { intent: change };
      if (made) yield { made: change.sequence };
    }
  }
}

function name({ bucket, key }: Change): string {
  return `${bucket}/${key}`;
}
