import type { Random } from "../random.ts";

/** How much the first thing is preferred to the others; measured catalogues lie between 0.6 and 1.2. */
const EXPONENT = 1;

/** Picks things as Zipf's law has them picked: the nth of them 1/n times as often as the first. */
export class Zipf {
  readonly #cumulated: number[] = [];

  /** @param count number of things, at least 1 */
  constructor(count: number) {
    let sum = 0;
    for (let rank = 1; rank <= count; rank++) {
      sum += 1 / rank ** EXPONENT;
      this.#cumulated.push(sum);
    }
  }

  /** An index from 0 to count - 1. */
  pick(random: Random): number {
    const wanted = random.next() * (this.#cumulated.at(-1) ?? 0);
    let [low, high] = [0, this.#cumulated.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cumulated[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
