/** Integers of 32 bits, growing as they are pushed. */
export class GrowableIntegers {
  length = 0;
  #items = new Int32Array(64);

  push(item: number): void {
    if (this.length === this.#items.length) {
      const grown = new Int32Array(this.length * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#items[this.length++] = item;
  }

  /** What was pushed so far; valid until the next push. */
  view(): Int32Array {
    return this.#items.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }
}
