import type { StoredMessage } from "./message.ts";
import type { Queue } from "./queue.ts";

/** Expired messages are looked for at most this often, in ms. */
const INTERVAL_MS = 1_000;

/** Deletes a queue's messages at the end of its MessageRetentionPeriod, by one timer for the oldest. */
export class Retention {
  #timer: { at: number; cancel: () => void } | null = null;

  constructor(readonly queue: Queue) {}

  /** Takes note of messages that came in, or of all when the period has changed. */
  watch(messages: Iterable<StoredMessage> = this.queue.state.messages.values()): void {
    const { clock } = this.queue.parts;
    let first = Number.POSITIVE_INFINITY;
    for (const { sentAt } of messages) first = Math.min(first, sentAt + this.#period());
    const now = clock.now();
    const at = Math.max(first, now + INTERVAL_MS);
    if (first === Number.POSITIVE_INFINITY || this.queue.closed) return;
    if (this.#timer && this.#timer.at <= at) return;
    this.close();
    this.#timer = { at, cancel: clock.after(at - now, () => this.#expire()) };
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #expire(): void {
    this.#timer = null;
    const { name, parts, state } = this.queue;
    const limit = parts.clock.now() - this.#period();
    const expired = [...state.messages.values()].filter(({ sentAt }) => sentAt <= limit);
    if (expired.length > 0) {
      parts.log(`${name}: ${expired.length} message(s) deleted at the end of their retention`);
    }
    this.queue
      .remove(expired)
      .catch((error: Error) => parts.log(`${name}: expired messages stay: ${error.message}`))
      .finally(() => this.watch());
  }

  #period(): number {
    return this.queue.milliseconds("MessageRetentionPeriod");
  }
}
