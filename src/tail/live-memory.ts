import { createHash } from "node:crypto";
import type { RawEvent } from "../aws/logs.ts";

/** Counts are forgotten after one to two of these, in milliseconds. */
const GENERATION_MS = 10 * 60_000;

/**
 * Pushed events carry no id. What is the same about one event wherever it comes from is its group, stream, time and
 * text; two equal lines of one millisecond are told apart by counting: each source (a session, a search) has them in
 * the same number, so the n-th is new only when fewer than n have been shown.
 */
export class LiveMemory {
  #shown: Counts;

  constructor(private readonly now: () => number) {
    this.#shown = new Counts(now);
  }

  /** A new source of events; returns whether an event of it is one that has not been shown. */
  source(): (group: string, event: Omit<RawEvent, "id">) => boolean {
    const counts = new Counts(this.now);
    return (group, event) => {
      const key = keyOf(group, event);
      const count = counts.increment(key);
      if (count <= this.#shown.of(key)) return false;
      this.#shown.increment(key);
      return true;
    };
  }
}

/** How often each key has come of late. */
class Counts {
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #born: number;

  constructor(private readonly now: () => number) {
    this.#born = now();
  }

  of(key: string): number {
    return this.#young.get(key) ?? this.#old.get(key) ?? 0;
  }

  increment(key: string): number {
    const now = this.now();
    if (now - this.#born > GENERATION_MS) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#born = now;
    }
    const count = this.of(key) + 1;
    this.#young.set(key, count);
    return count;
  }
}

function keyOf(group: string, { stream, timestamp, message }: Omit<RawEvent, "id">): string {
  return createHash("sha1").update(`${group}\n${stream}\n${timestamp}\n${message}`).digest("base64");
}
