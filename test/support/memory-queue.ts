import type { Clock } from "../../src/local/clock.ts";
import type { LeasedMessage, QueuePort } from "../../src/local/lambda/queue-port.ts";

interface Entry {
  id: string;
  body: string;
  receives: number;
  /** Invisible until then, in milliseconds since the epoch. */
  hiddenUntil: number;
  handle: string;
}

/** One queue in memory, as event source mappings see it. */
export interface MemoryQueue extends QueuePort {
  send(...bodies: string[]): void;
  /** Bodies of what is not deleted, in the order of sending. */
  left(): string[];
  /** Receive count by body. */
  receives(): Record<string, number>;
  /** Delays of released messages, in milliseconds, by body. */
  released: Record<string, number>;
  polls: number[];
}

export function memoryQueue(clock: Clock): MemoryQueue {
  const entries: Entry[] = [];
  const listeners = new Set<() => void>();
  let sent = 0;
  const announce = () => {
    for (const listener of listeners) listener();
  };
  const hide = (handles: string[], ms: number) => {
    for (const entry of entries) {
      if (!handles.includes(entry.handle)) continue;
      entry.hiddenUntil = clock.now() + ms;
      clock.after(ms, announce);
    }
  };
  const lease = (entry: Entry, visibilityMs: number): LeasedMessage => {
    entry.receives++;
    entry.hiddenUntil = clock.now() + visibilityMs;
    clock.after(visibilityMs, announce);
    entry.handle = `${entry.id}#${entry.receives}`;
    return {
      messageId: entry.id,
      receiptHandle: entry.handle,
      body: entry.body,
      attributes: { ApproximateReceiveCount: String(entry.receives) },
      messageAttributes: {},
      md5OfBody: "",
    };
  };
  const queue: MemoryQueue = {
    released: {},
    polls: [],
    send: (...bodies) => {
      for (const body of bodies) {
        entries.push({ id: `id-${++sent}`, body, receives: 0, hiddenUntil: 0, handle: "" });
      }
      announce();
    },
    left: () => entries.map(({ body }) => body),
    receives: () => Object.fromEntries(entries.map(({ body, receives }) => [body, receives])),
    poll: async (_arn, { max, visibilityMs }) => {
      queue.polls.push(max);
      const visible = entries.filter(({ hiddenUntil }) => hiddenUntil <= clock.now()).slice(0, max);
      return visible.map((entry) => lease(entry, visibilityMs));
    },
    extend: async (_arn, handles, ms) => hide(handles, ms),
    remove: async (_arn, handles) => {
      for (let index = entries.length - 1; index >= 0; index--) {
        if (handles.includes(entries[index]?.handle ?? "")) entries.splice(index, 1);
      }
    },
    release: async (_arn, handles, delayMs) => {
      for (const { handle, body } of entries) if (handles.includes(handle)) queue.released[body] = delayMs;
      hide(handles, delayMs);
    },
    onAvailable: (_arn, listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return queue;
}
