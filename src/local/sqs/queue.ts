import { randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import path from "node:path";
import { AwsError, type EngineParts, LOCAL_ACCOUNT, LOCAL_REGION } from "../service.ts";
import { BodyStore } from "./bodies.ts";
import { Journal, type QueueRecord } from "./journal.ts";
import { leasedMessage } from "./leased.ts";
import { IN_FLIGHT_MESSAGES } from "./limits.ts";
import type { Draft, LeasedMessage, MessageContent, StoredMessage } from "./message.ts";
import { messageOf, messageRecord, QueueState } from "./queue-state.ts";
import { sortOut } from "./redrive.ts";
import { Replay } from "./replay.ts";
import { Retention } from "./retention.ts";

/** Bytes of content that one receive may take: an event source mapping's payload is 6 MB at most. */
const RECEIVE_BYTES = 6 * 1024 * 1024;

export interface Depth {
  visible: number;
  inFlight: number;
  delayed: number;
  /** Seconds since the oldest message came into this queue, null when it is empty. */
  oldestAgeSeconds: number | null;
}

export interface ReceiveOptions {
  max: number;
  visibilityMs: number;
  /** The lease is the engine's own and ends with its process. */
  engine?: boolean;
}

/** What a queue needs besides its files. */
export interface QueueParts extends Pick<EngineParts, "clock" | "log"> {
  /** Finds a DLQ by its ARN. */
  queueByArn(arn: string): Queue | undefined;
}

export function queueArn(name: string): string {
  return `arn:aws:sqs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${name}`;
}

/**
 * One queue, durable under its own folder: a journal of what happened and segment files with the messages'
 * contents. Every method resolves only after the journal holds its change.
 */
export class Queue {
  readonly #listeners = new Set<() => void>();
  readonly #retention = new Retention(this);
  #next: number;
  /** What senders sent and consumers deleted since the engine started, for CloudWatch: no moves between queues. */
  sent = 0;
  deleted = 0;
  closed = false;

  private constructor(
    readonly directory: string,
    readonly parts: QueueParts,
    readonly state: QueueState,
    readonly bodies: BodyStore,
    readonly journal: Journal,
    next: number,
  ) {
    this.#next = next;
  }

  /** Opens the queue in `directory`; `created` makes a new one there. */
  static async open(
    directory: string,
    parts: QueueParts,
    created?: QueueSettings,
  ): Promise<Queue | undefined> {
    const bodies = await BodyStore.open(directory);
    const settings: QueueRecord | undefined = created && {
      t: "queue",
      id: randomBytes(8).toString("hex"),
      createdAt: parts.clock.now(),
      modifiedAt: parts.clock.now(),
      next: 1,
      ...created,
    };
    let queue: Queue | undefined;
    const replay = new Replay((group, id) => deduplicationKey(replay.settings?.attributes ?? {}, group, id));
    const journal = await Journal.open(
      path.join(directory, "journal"),
      (record) => replay.apply(record),
      () => (queue ? queue.#records() : []),
    );
    if (!replay.settings && settings) {
      await journal.commit(() => ({ records: [settings], apply: () => {} }));
      replay.settings = settings;
    }
    // Killed while it was being created: nobody was told that it exists.
    if (!replay.settings) {
      await journal.close();
      await rm(directory, { recursive: true, force: true });
      return undefined;
    }
    const state = new QueueState(replay.settings, bodies, parts.clock, () => {
      if (queue) queue.#announce();
    });
    for (const [key, seen] of replay.seen) state.seen.set(key, seen);
    for (const message of replay.standing(parts.clock.now())) {
      bodies.retain(message.ref);
      state.add(message);
    }
    await bodies.sweep();
    queue = new Queue(directory, parts, state, bodies, journal, replay.next);
    queue.#retention.watch();
    return queue;
  }

  get name(): string {
    return this.state.settings.name;
  }

  get arn(): string {
    return queueArn(this.name);
  }

  get id(): string {
    return this.state.settings.id;
  }

  get attributes(): Record<string, string> {
    return this.state.settings.attributes;
  }

  get fifo(): boolean {
    return this.state.fifo;
  }

  /** An attribute of whole seconds, in ms. */
  milliseconds(attribute: string): number {
    return Number(this.attributes[attribute] ?? 0) * 1000;
  }

  /** Changes attributes or tags; the change builds on every one before it. */
  async update(change: (settings: QueueRecord) => Pick<QueueRecord, "attributes" | "tags">): Promise<void> {
    const before = this.state.settings;
    try {
      await this.journal.commit(() => {
        const { settings } = this.state;
        this.state.settings = {
          ...settings,
          ...change(settings),
          modifiedAt: this.parts.clock.now(),
          next: this.#next,
        };
        return { records: [this.state.settings], apply: () => {} };
      });
    } catch (error) {
      this.state.settings = before;
      throw error;
    }
    this.#retention.watch();
  }

  /** Puts messages into the queue, in this order. Resolves to their ordinals. */
  async insert(drafts: readonly Draft[]): Promise<number[]> {
    if (drafts.length === 0) return [];
    const refs = await this.bodies.append(drafts.map(({ content }) => Buffer.from(JSON.stringify(content))));
    try {
      const ordinals = await this.journal.commit(() => {
        const arrivedAt = this.parts.clock.now();
        const records = drafts.map((draft, index) => {
          const ref = refs[index];
          if (!ref) throw new Error("a content was not written");
          const { receives = 0 } = draft;
          const message: StoredMessage = {
            n: this.#next++,
            id: draft.id,
            sentAt: draft.sentAt,
            arrivedAt,
            ref,
            group: draft.group,
            deduplicationId: draft.deduplicationId,
            sourceArn: draft.sourceArn,
            receives,
            receivesBefore: receives,
            firstReceivedAt: draft.firstReceivedAt,
            visibleAt: draft.visibleAt,
            leasedAt: 0,
            engineLease: false,
            state: "ready",
            taken: false,
          };
          return messageRecord(message);
        });
        return { records, apply: () => this.#inserted(records.map(messageOf)) };
      });
      return ordinals;
    } catch (error) {
      await Promise.all(refs.map((ref) => this.bodies.release(ref)));
      throw error;
    }
  }

  /**
   * Leases up to `max` visible messages. One that was received maxReceiveCount times moves to the DLQ
   * instead (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html).
   * @throws AwsError OverLimit when a standard queue has 120,000 messages in flight.
   */
  async receive(options: ReceiveOptions): Promise<LeasedMessage[]> {
    if (this.state.inFlight >= IN_FLIGHT_MESSAGES) {
      if (this.fifo) return [];
      throw new AwsError(
        "OverLimit",
        `${this.name} has ${this.state.inFlight} messages in flight: delete some first.`,
      );
    }
    for (;;) {
      const taken = this.reserve(options.max);
      if (taken.length === 0) return [];
      try {
        const fresh = await sortOut(this, taken);
        if (fresh.length > 0) return await this.#lease(fresh, options);
      } catch (error) {
        this.restore(taken);
        throw error;
      }
    }
  }

  /** Takes visible messages out of the order without a record; `restore` or `remove` must follow. */
  reserve(max: number): StoredMessage[] {
    return this.state.order.take(max, RECEIVE_BYTES);
  }

  /** Gives reserved messages back. */
  restore(messages: readonly StoredMessage[]): void {
    const reserved = messages.filter(({ state }) => state === "reserved");
    for (const message of reserved) this.state.makeReady(message);
    if (reserved.length > 0) this.#announce();
  }

  /** Reads what messages say. */
  async contents(messages: readonly StoredMessage[]): Promise<MessageContent[]> {
    const contents = await this.bodies.read(messages.map(({ ref }) => ref));
    return contents.map((content) => JSON.parse(content.toString("utf8")) as MessageContent);
  }

  /** Deletes messages for their consumer. */
  async consume(messages: readonly StoredMessage[]): Promise<void> {
    this.deleted += await this.remove(messages);
  }

  /** Takes messages out of the queue and resolves to their number; those already gone are passed over. */
  async remove(messages: readonly StoredMessage[]): Promise<number> {
    const present = messages.filter(({ n }) => this.state.messages.has(n));
    if (present.length === 0) return 0;
    const removed = await this.journal.commit(() => ({
      records: [{ t: "delete", n: present.map(({ n }) => n) }],
      apply: () => this.state.remove(present),
    }));
    await Promise.all(removed.map(({ ref }) => this.bodies.release(ref)));
    // Its group may have been locked by what is gone now.
    if (this.fifo) this.#announce();
    this.#tidy();
    return removed.length;
  }

  /** Moves the end of leases to `ms` from now; 0 makes the messages visible. */
  async changeVisibility(messages: readonly StoredMessage[], ms: number): Promise<void> {
    if (messages.length === 0) return;
    const until = this.parts.clock.now() + ms;
    await this.journal.commit(() => ({
      records: [{ t: "visibility", n: messages.map(({ n }) => n), until }],
      apply: () => this.state.extend(messages, until),
    }));
    if (ms <= 0) this.#announce();
  }

  depth(): Depth {
    const { inFlight, delayed, messages } = this.state;
    const [oldest] = messages.values();
    return {
      visible: messages.size - inFlight - delayed,
      inFlight,
      delayed,
      oldestAgeSeconds: oldest
        ? Math.max(0, Math.floor((this.parts.clock.now() - oldest.arrivedAt) / 1000))
        : null,
    };
  }

  /** Calls `listener` whenever messages become visible. Returns what takes it off again. */
  onAvailable(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.#retention.close();
    this.state.close();
    this.#announce();
    await this.journal.close();
    await this.bodies.close();
  }

  /** Closes the queue and deletes its files; the rename makes that one step. */
  async destroy(): Promise<void> {
    await this.close();
    const doomed = `${this.directory}.deleted-${this.id}`;
    await rename(this.directory, doomed);
    await rm(doomed, { recursive: true, force: true });
  }

  async #lease(messages: StoredMessage[], options: ReceiveOptions): Promise<LeasedMessage[]> {
    const engine = options.engine === true;
    await this.journal.commit(() => {
      const at = this.parts.clock.now();
      const until = at + options.visibilityMs;
      const n = messages.map((message) => message.n);
      return {
        records: [{ t: "receive", n, at, until, engine: engine ? 1 : 0 }],
        apply: () => this.state.lease(messages, at, until, engine),
      };
    });
    // Whoever held an earlier lease may have deleted one of them meanwhile.
    const held = messages.filter(({ state }) => state !== "gone");
    const leased = (await this.contents(held)).map((content, index) => {
      const message = held[index];
      if (!message) throw new Error("more contents than messages");
      return leasedMessage(this, message, content);
    });
    this.#tidy();
    return leased;
  }

  #inserted(messages: StoredMessage[]): number[] {
    const now = this.parts.clock.now();
    for (const message of messages) {
      if (message.visibleAt <= now) message.state = "ready";
      const key = deduplicationKey(this.attributes, message.group, message.deduplicationId);
      // Deleted first, so that the map stays in the order of time.
      if (key && message.sourceArn === undefined) {
        this.state.seen.delete(key);
        this.state.seen.set(key, { id: message.id, n: message.n, at: message.arrivedAt });
      }
      this.state.add(message);
    }
    this.#retention.watch(messages);
    this.#announce();
    return messages.map(({ n }) => n);
  }

  #announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #tidy(): void {
    const live = this.state.messages.size + this.state.seen.size;
    this.journal.compactWhenWorthwhile(live).catch((error: Error) => {
      this.parts.log(`${this.name}: its journal could not be compacted: ${error.message}`);
    });
  }

  #records() {
    this.state.settings = { ...this.state.settings, next: this.#next };
    return this.state.records();
  }
}

/** What a new queue is created with. */
export type QueueSettings = Pick<QueueRecord, "name" | "attributes" | "tags">;

/** The key under which a FIFO queue remembers a deduplication id; undefined where it remembers none. */
export function deduplicationKey(
  attributes: Record<string, string>,
  group: string | undefined,
  id: string | undefined,
): string | undefined {
  if (attributes.FifoQueue !== "true" || id === undefined) return undefined;
  return attributes.DeduplicationScope === "messageGroup" ? `${group ?? ""}\n${id}` : `\n${id}`;
}
