/** Ids are forgotten in slices of this many milliseconds of their events' time. */
const SLICE_MS = 10_000;

/**
 * The events that have been taken, so that windows that overlap double none. Bounded: the oldest slices are
 * forgotten, and the floor rises above them; whoever asks for events must not ask below it.
 */
export class SeenEvents {
  #slices = new Map<number, Set<string>>();
  #size = 0;
  #floor = Number.NEGATIVE_INFINITY;

  constructor(private readonly most: number) {}

  /** Earliest time, in milliseconds since the epoch, for which it is known what has been taken. */
  get floor(): number {
    return this.#floor;
  }

  get size(): number {
    return this.#size;
  }

  /** Notes an event. False where it has been taken before, or lies below the floor. */
  add(id: string, timestamp: number): boolean {
    if (timestamp < this.#floor) return false;
    const key = Math.floor(timestamp / SLICE_MS);
    let slice = this.#slices.get(key);
    if (!slice) {
      slice = new Set();
      this.#slices.set(key, slice);
    }
    if (slice.has(id)) return false;
    slice.add(id);
    this.#size++;
    if (this.#size > this.most && this.#slices.size > 1) this.#dropOldest();
    return true;
  }

  /** Forgets everything before `time`. */
  forgetBefore(time: number): void {
    const end = Math.floor(time / SLICE_MS);
    for (const key of [...this.#slices.keys()]) if (key < end) this.#drop(key);
    this.#floor = Math.max(this.#floor, end * SLICE_MS);
  }

  #dropOldest(): void {
    const oldest = Math.min(...this.#slices.keys());
    this.#drop(oldest);
    this.#floor = Math.max(this.#floor, (oldest + 1) * SLICE_MS);
  }

  #drop(key: number): void {
    this.#size -= this.#slices.get(key)?.size ?? 0;
    this.#slices.delete(key);
  }
}
