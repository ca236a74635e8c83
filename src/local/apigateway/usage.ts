import path from "node:path";
import { DurableMap } from "../storage/durable-map.ts";

/** Days of which the use is kept. */
const KEPT_DAYS = 90;
const DAY_MS = 86_400_000;

interface DayOfUse {
  keyId: string;
  /** `2026-11-21`, in UTC. */
  day: string;
  used: number;
}

/** The UTC day that a time (milliseconds since the epoch) lies in. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** How many requests each API key made on each day. What was counted survives a crash: it is written first. */
export class Usage {
  private constructor(private readonly days: DurableMap<DayOfUse>) {}

  static async open(directory: string): Promise<Usage> {
    return new Usage(await DurableMap.open<DayOfUse>(path.join(directory, "usage.log")));
  }

  /** Counts a request, unless the key has used up `quota` on the day of `nowMs`. Returns whether it was counted. */
  async take(keyId: string, quota: number, nowMs: number): Promise<boolean> {
    const day = dayOf(nowMs);
    const known = this.days.get(entryKey(keyId, day));
    if (known && known.used >= quota) return false;
    if (quota < 1) return false;
    // Seen at once, written before it resolves: requests at the same time each count.
    const written = this.days.set(entryKey(keyId, day), { keyId, day, used: (known?.used ?? 0) + 1 });
    if (!known) await this.#forgetBefore(dayOf(nowMs - KEPT_DAYS * DAY_MS));
    await written;
    return true;
  }

  used(keyId: string, day: string): number {
    return this.days.get(entryKey(keyId, day))?.used ?? 0;
  }

  async remove(keyId: string): Promise<void> {
    for (const { keyId: owner, day } of this.days.values()) {
      if (owner === keyId) await this.days.delete(entryKey(keyId, day));
    }
  }

  close(): Promise<void> {
    return this.days.close();
  }

  async #forgetBefore(oldest: string): Promise<void> {
    for (const { keyId, day } of this.days.values()) {
      if (day < oldest) await this.days.delete(entryKey(keyId, day));
    }
  }
}

const entryKey = (keyId: string, day: string): string => `${keyId} ${day}`;
