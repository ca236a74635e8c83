import type { StoredMessage } from "./message.ts";

/** The order in which a queue's messages are received. */
export interface Order {
  /** A message came into the queue, ready or not. */
  add(message: StoredMessage): void;
  /** A message has become ready. */
  ready(message: StoredMessage): void;
  /** A message was deleted. */
  remove(message: StoredMessage): void;
  /** Takes up to `max` ready messages of at most `maxBytes` together (but at least one), and reserves them. */
  take(max: number, maxBytes: number): StoredMessage[];
}

/** A queue of values: push at the end, shift from the front, both in constant time. */
class Line<T> {
  #items: T[] = [];
  #head = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/** Messages in the order in which they became ready. */
export class StandardOrder implements Order {
  readonly #line = new Line<StoredMessage>();

  add(message: StoredMessage): void {
    if (message.state === "ready") this.#line.push(message);
  }

  ready(message: StoredMessage): void {
    this.#line.push(message);
  }

  remove(): void {
    // Its state is `gone`: take() passes over it.
  }

  take(max: number, maxBytes: number): StoredMessage[] {
    const taken: StoredMessage[] = [];
    let bytes = 0;
    while (taken.length < max) {
      const message = this.#line.peek();
      if (!message) break;
      if (message.state === "ready") {
        bytes += message.ref.length;
        if (taken.length > 0 && bytes > maxBytes) break;
        message.state = "reserved";
        taken.push(message);
      }
      this.#line.shift();
    }
    return taken;
  }
}

interface Group {
  /** By ordinal, so in the order of arrival. */
  messages: Map<number, StoredMessage>;
  /** Messages taken and neither back nor deleted: none other of the group can be received meanwhile. */
  locked: number;
  /** Stands in the line of groups. */
  waiting: boolean;
}

/**
 * Messages of a FIFO queue: each group in order, and locked while one of its messages is in flight
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html).
 */
export class FifoOrder implements Order {
  readonly #groups = new Map<string, Group>();
  readonly #line = new Line<Group>();

  add(message: StoredMessage): void {
    const name = message.group ?? "";
    let group = this.#groups.get(name);
    if (!group) {
      group = { messages: new Map(), locked: 0, waiting: false };
      this.#groups.set(name, group);
    }
    group.messages.set(message.n, message);
    if (message.state === "inFlight") {
      message.taken = true;
      group.locked++;
    }
    this.#offer(group);
  }

  ready(message: StoredMessage): void {
    const group = this.#groups.get(message.group ?? "");
    if (!group) return;
    this.#unlock(group, message);
    this.#offer(group);
  }

  remove(message: StoredMessage): void {
    const name = message.group ?? "";
    const group = this.#groups.get(name);
    if (!group?.messages.delete(message.n)) return;
    this.#unlock(group, message);
    if (group.messages.size === 0) this.#groups.delete(name);
    else this.#offer(group);
  }

  take(max: number, maxBytes: number): StoredMessage[] {
    const taken: StoredMessage[] = [];
    let bytes = 0;
    for (;;) {
      const group = this.#line.peek();
      if (!group || taken.length >= max) return taken;
      if (group.locked === 0) {
        for (const message of group.messages.values()) {
          if (message.state !== "ready" || taken.length >= max) break;
          bytes += message.ref.length;
          if (taken.length > 0 && bytes > maxBytes) break;
          message.state = "reserved";
          message.taken = true;
          group.locked++;
          taken.push(message);
        }
        if (group.locked === 0 && bytes > maxBytes) return taken;
      }
      this.#line.shift();
      group.waiting = false;
    }
  }

  #unlock(group: Group, message: StoredMessage): void {
    if (!message.taken) return;
    message.taken = false;
    group.locked--;
  }

  #offer(group: Group): void {
    if (group.waiting || group.locked > 0) return;
    const [first] = group.messages.values();
    if (first?.state !== "ready") return;
    group.waiting = true;
    this.#line.push(group);
  }
}
