import type { Pause } from "./pause.ts";

/** Lets a bounded number of requests through at once, and none while the API has asked to wait. */
export class Gate {
  #running = 0;
  #waiting: (() => void)[] = [];
  #closedUntil = 0;

  constructor(
    private readonly limit: number,
    private readonly pause: Pause,
    private readonly now: () => number,
    private readonly signal: AbortSignal,
  ) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running >= this.limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      await this.#untilOpen();
      this.signal.throwIfAborted();
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  /** Holds back every request for `ms` from now, the caller too. */
  async pauseAll(ms: number): Promise<void> {
    this.#closedUntil = Math.max(this.#closedUntil, this.now() + ms);
    await this.#untilOpen();
  }

  async #untilOpen(): Promise<void> {
    for (let left = this.#closedUntil - this.now(); left > 0; left = this.#closedUntil - this.now()) {
      await this.pause(left, this.signal);
    }
  }
}
