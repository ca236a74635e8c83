import type { Pause } from "../ingest/pause.ts";

/** Lets so many messages pass a second, evenly: a batch waits until the ones before it have had their time. */
export class Limiter {
  #next = 0;

  constructor(
    /** Messages a second; undefined lets everything pass. */
    readonly rate: number | undefined,
    private readonly now: () => number,
    private readonly pause: Pause,
  ) {}

  /** Waits for the turn of `messages`. @throws the signal's reason when it is aborted meanwhile */
  async pass(messages: number, signal: AbortSignal): Promise<void> {
    if (this.rate === undefined) return;
    const now = this.now();
    const turn = Math.max(now, this.#next);
    this.#next = turn + (messages / this.rate) * 1000;
    if (turn > now) await this.pause(turn - now, signal);
  }
}
