import type { Clock } from "../clock.ts";
import type { BodyStore } from "./bodies.ts";
import type { JournalRecord, MessageRecord, QueueRecord } from "./journal.ts";
import { DEDUPLICATION_MS } from "./limits.ts";
import type { MessageState, StoredMessage } from "./message.ts";
import { FifoOrder, type Order, StandardOrder } from "./order.ts";
import { Timetable } from "./timetable.ts";

/** A deduplication id that was seen, and the message it stands for. */
export interface Seen {
  id: string;
  n: number;
  at: number;
}

/**
 * A queue's state in memory: rebuilt from the journal's records, changed by the same records. Its methods
 * are synchronous and write nothing; `Queue` writes first and calls them after.
 */
export class QueueState {
  readonly messages = new Map<number, StoredMessage>();
  readonly seen = new Map<string, Seen>();
  readonly order: Order;
  readonly #timetable: Timetable;
  inFlight = 0;
  delayed = 0;

  constructor(
    public settings: QueueRecord,
    readonly bodies: BodyStore,
    readonly clock: Clock,
    /** Called when messages have become visible. */
    readonly onVisible: () => void,
  ) {
    this.order = settings.name.endsWith(".fifo") ? new FifoOrder() : new StandardOrder();
    this.#timetable = new Timetable(clock, (due) => {
      for (const message of due) this.makeReady(message);
      this.onVisible();
    });
  }

  get fifo(): boolean {
    return this.order instanceof FifoOrder;
  }

  /** Puts a message into the queue. */
  add(message: StoredMessage): void {
    this.messages.set(message.n, message);
    this.#count(message.state, 1);
    this.order.add(message);
    if (message.state !== "ready") this.#timetable.add(message);
  }

  /** Leases messages that were reserved. */
  lease(messages: readonly StoredMessage[], at: number, until: number, engine: boolean): void {
    for (const message of messages) {
      if (message.state === "gone") continue;
      message.receives++;
      message.firstReceivedAt ??= at;
      message.leasedAt = at;
      message.engineLease = engine;
      message.visibleAt = until;
      this.#become(message, "inFlight");
      this.#timetable.add(message);
    }
  }

  /** Moves the end of leases; `until` in the past makes the messages visible. */
  extend(messages: readonly StoredMessage[], until: number): void {
    const now = this.clock.now();
    for (const message of messages) {
      if (message.state !== "inFlight") continue;
      message.visibleAt = until;
      if (until <= now) this.makeReady(message);
      else this.#timetable.add(message);
    }
  }

  makeReady(message: StoredMessage): void {
    if (message.state === "gone" || message.state === "ready") return;
    this.#become(message, "ready");
    this.order.ready(message);
  }

  /** Takes messages out of the queue for good. */
  remove(messages: readonly StoredMessage[]): StoredMessage[] {
    const removed = messages.filter((message) => this.messages.delete(message.n));
    for (const message of removed) {
      this.#become(message, "gone");
      this.order.remove(message);
    }
    return removed;
  }

  /** The message that a deduplication id stood for within the last five minutes. */
  seenBefore(key: string): Seen | undefined {
    const oldest = this.clock.now() - DEDUPLICATION_MS;
    for (const [first, seen] of this.seen) {
      if (seen.at > oldest) break;
      this.seen.delete(first);
    }
    return this.seen.get(key);
  }

  /** Everything the journal must hold for this state. */
  records(): JournalRecord[] {
    const records: JournalRecord[] = [this.settings];
    for (const [key, seen] of this.seen) records.push({ t: "deduplication", key, ...seen });
    for (const message of this.messages.values()) records.push(messageRecord(message));
    return records;
  }

  close(): void {
    this.#timetable.close();
  }

  #become(message: StoredMessage, state: MessageState): void {
    this.#count(message.state, -1);
    message.state = state;
    this.#count(state, 1);
  }

  #count(state: MessageState, by: number): void {
    if (state === "inFlight") this.inFlight += by;
    if (state === "delayed") this.delayed += by;
  }
}

/** The journal's record of a message as it stands. */
export function messageRecord(message: StoredMessage): MessageRecord {
  const { segment, offset, length, crc } = message.ref;
  return {
    t: "message",
    n: message.n,
    id: message.id,
    at: message.sentAt,
    b: [segment, offset, length, crc],
    ...(message.arrivedAt === message.sentAt ? {} : { in: message.arrivedAt }),
    ...(message.visibleAt > message.arrivedAt ? { v: message.visibleAt } : {}),
    ...(message.group === undefined ? {} : { g: message.group }),
    ...(message.deduplicationId === undefined ? {} : { d: message.deduplicationId }),
    ...(message.sourceArn === undefined ? {} : { src: message.sourceArn }),
    ...(message.receives === 0 ? {} : { rc: message.receives }),
    ...(message.receivesBefore === 0 ? {} : { before: message.receivesBefore }),
    ...(message.firstReceivedAt === undefined ? {} : { first: message.firstReceivedAt }),
    ...(message.state === "inFlight" ? { lease: [message.leasedAt, message.engineLease ? 1 : 0] } : {}),
  };
}

/** The message that a journal record stands for, as it was when the record was written. */
export function messageOf(record: MessageRecord): StoredMessage {
  const [segment, offset, length, crc] = record.b;
  const arrivedAt = record.in ?? record.at;
  const visibleAt = record.v ?? arrivedAt;
  return {
    n: record.n,
    id: record.id,
    sentAt: record.at,
    arrivedAt,
    ref: { segment, offset, length, crc },
    group: record.g,
    deduplicationId: record.d,
    sourceArn: record.src,
    receives: record.rc ?? 0,
    receivesBefore: record.before ?? 0,
    firstReceivedAt: record.first,
    visibleAt,
    leasedAt: record.lease?.[0] ?? 0,
    engineLease: record.lease?.[1] === 1,
    state: record.lease ? "inFlight" : visibleAt > arrivedAt ? "delayed" : "ready",
    taken: false,
  };
}
