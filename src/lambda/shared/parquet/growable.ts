/** An array of integers that grows as it is filled. */
export class Growable<T extends Uint8Array | Int32Array> {
  #items: T;
  #length = 0;

  constructor(private readonly create: (length: number) => T) {
    this.#items = create(256);
  }

  get length(): number {
    return this.#length;
  }

  push(item: number): void {
    if (this.#length === this.#items.length) {
      const grown = this.create(this.#length * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#items[this.#length++] = item;
  }

  /** What was pushed so far; valid until the next push. */
  view(): T {
    return this.#items.subarray(0, this.#length) as T;
  }

  clear(): void {
    this.#length = 0;
  }
}

/** Bytes: levels, which nesting never takes beyond one. */
export const growableBytes = () => new Growable((length) => new Uint8Array(length));
export const growableIntegers = () => new Growable((length) => new Int32Array(length));
