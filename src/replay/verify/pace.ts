/**
 * How far a replay may run ahead of its verification: the replay takes room before it sends, the verification
 * opens more as the messages end well.
 */
export class Pace {
  #room: number;
  #waiting: (() => void)[] = [];

  /** @param room messages that may be sent before anything is known of them */
  constructor(room: number) {
    this.#room = room;
  }

  /** A pace that holds nothing up, for a replay that nobody verifies. */
  static unlimited(): Pace {
    return new Pace(Number.POSITIVE_INFINITY);
  }

  /**
   * Waits until at least one message may be sent, and takes the room for up to `wanted`.
   * @returns how many may be sent now, 1 to `wanted`
   * @throws the signal's reason when it is aborted meanwhile, e.g. because the replay was stopped
   */
  async take(wanted: number, signal?: AbortSignal): Promise<number> {
    while (this.#room < 1) {
      signal?.throwIfAborted();
      await this.#change(signal);
    }
    signal?.throwIfAborted();
    const taken = Math.min(wanted, this.#room);
    this.#room -= taken;
    return taken;
  }

  /** Whether nothing may be sent until more is opened. */
  get exhausted(): boolean {
    return this.#room < 1;
  }

  /** Lets so many more be sent. */
  open(room: number): void {
    this.#room += room;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #change(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal?.removeEventListener("abort", done);
        resolve();
      };
      signal?.addEventListener("abort", done, { once: true });
      this.#waiting.push(done);
    });
  }
}
