import type { JournalRecord, QueueRecord } from "./journal.ts";
import type { StoredMessage } from "./message.ts";
import type { Seen } from "./queue-state.ts";
import { messageOf } from "./queue-state.ts";

/** What a journal says about a queue, its records applied one after the other. */
export class Replay {
  settings: QueueRecord | undefined;
  readonly messages = new Map<number, StoredMessage>();
  readonly seen = new Map<string, Seen>();
  next = 1;

  constructor(
    /** The key of a FIFO message's deduplication id; undefined on a standard queue. */
    readonly deduplicationKey: (group: string | undefined, id: string | undefined) => string | undefined,
  ) {}

  apply(record: JournalRecord): void {
    switch (record.t) {
      case "queue":
        this.settings = record;
        this.next = Math.max(this.next, record.next);
        return;
      case "message": {
        this.messages.set(record.n, messageOf(record));
        this.next = Math.max(this.next, record.n + 1);
        const key = this.deduplicationKey(record.g, record.d);
        if (key && record.src === undefined)
          this.seen.set(key, { id: record.id, n: record.n, at: record.in ?? record.at });
        return;
      }
      case "receive":
        for (const message of this.#of(record.n)) {
          message.receives++;
          message.firstReceivedAt ??= record.at;
          message.leasedAt = record.at;
          message.engineLease = record.engine === 1;
          message.visibleAt = record.until;
          message.state = "inFlight";
        }
        return;
      case "visibility":
        for (const message of this.#of(record.n)) message.visibleAt = record.until;
        return;
      case "delete":
        for (const n of record.n) this.messages.delete(n);
        return;
      case "deduplication":
        this.seen.set(record.key, { id: record.id, n: record.n, at: record.at });
    }
  }

  /**
   * The messages as they stand at `now`: leases and delays that are over are over, client leases keep their
   * deadline, and the engine's own leases, whose holders died with it, end.
   */
  *standing(now: number): Iterable<StoredMessage> {
    for (const message of this.messages.values()) {
      if (message.visibleAt <= now || (message.state === "inFlight" && message.engineLease)) {
        message.state = "ready";
      }
      yield message;
    }
  }

  #of(ordinals: number[]): StoredMessage[] {
    return ordinals.flatMap((n) => this.messages.get(n) ?? []);
  }
}
