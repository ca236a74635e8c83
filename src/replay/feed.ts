/** Items handed from one side to another that takes them when it is ready. Never blocks who gives. */
export class Feed<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #ended = false;
  #wake: (() => void)[] = [];

  push(item: T): void {
    this.#items.push(item);
    this.#announce();
  }

  /** No more will come; what was given is still taken. */
  end(): void {
    this.#ended = true;
    this.#announce();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const items = this.#items;
      this.#items = [];
      yield* items;
      if (this.#items.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #announce(): void {
    for (const resolve of this.#wake.splice(0)) resolve();
  }
}
