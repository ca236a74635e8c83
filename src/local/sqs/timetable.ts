import type { Clock } from "../clock.ts";
import type { StoredMessage } from "./message.ts";

interface Entry {
  at: number;
  message: StoredMessage;
}

/** Wakes up when the next message becomes visible: one timer over a heap of times. */
export class Timetable {
  readonly #heap: Entry[] = [];
  #timer: { at: number; cancel: () => void } | null = null;

  constructor(
    readonly clock: Clock,
    /** Gets messages whose `visibleAt` has come. */
    readonly due: (messages: StoredMessage[]) => void,
  ) {}

  /** Notes `message.visibleAt`. A later change of it makes the note void. */
  add(message: StoredMessage): void {
    this.#push({ at: message.visibleAt, message });
    this.#arm();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#heap.length = 0;
  }

  #arm(): void {
    const next = this.#heap[0];
    if (!next || (this.#timer && this.#timer.at <= next.at)) return;
    this.#timer?.cancel();
    const at = next.at;
    this.#timer = { at, cancel: this.clock.after(Math.max(0, at - this.clock.now()), () => this.#fire(at)) };
  }

  #fire(at: number): void {
    this.#timer = null;
    // A timer of the machine may run a millisecond before the clock shows its time.
    const now = Math.max(at, this.clock.now());
    const messages: StoredMessage[] = [];
    for (let next = this.#heap[0]; next && next.at <= now; next = this.#heap[0]) {
      this.#pop();
      const { message } = next;
      const waits = message.state === "inFlight" || message.state === "delayed";
      if (waits && message.visibleAt === next.at) messages.push(message);
    }
    if (messages.length > 0) this.due(messages);
    this.#arm();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (!parent || !before(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const left = heap[down];
      const right = heap[down + 1];
      if (!left) break;
      const child = right && before(right, left) ? right : left;
      if (child === right) down++;
      if (!before(child, last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}

/** By time; of one time, in the order of arrival. */
function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.message.n < b.message.n);
}
