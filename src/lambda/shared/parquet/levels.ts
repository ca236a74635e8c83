import { GrowableIntegers } from "./growable.ts";

/**
 * Definition or repetition levels of one column, as runs of equal levels. Levels hardly ever change from one
 * value to the next, and a list adds all of its levels at once.
 */
export class Levels {
  /** Number of levels. */
  length = 0;
  readonly #levels = new GrowableIntegers();
  readonly #counts = new GrowableIntegers();
  #level = -1;
  #count = 0;

  push(level: number, count = 1): void {
    this.length += count;
    if (level === this.#level) {
      this.#count += count;
      return;
    }
    this.#endRun();
    this.#level = level;
    this.#count = count;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return (this.#levels.length + this.#counts.length) * 4;
  }

  /** Hands over the runs, valid until the next push, and starts anew. */
  take(): { levels: Int32Array; counts: Int32Array } {
    this.#endRun();
    const runs = { levels: this.#levels.view(), counts: this.#counts.view() };
    this.#levels.clear();
    this.#counts.clear();
    this.#level = -1;
    this.#count = 0;
    this.length = 0;
    return runs;
  }

  #endRun(): void {
    if (this.#count === 0) return;
    this.#levels.push(this.#level);
    this.#counts.push(this.#count);
  }
}
