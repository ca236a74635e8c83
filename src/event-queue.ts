/** Values pushed from callbacks, read once as an async iterable; what was pushed before the end is still read. */
export class EventQueue<T> implements AsyncIterable<T> {
  #events: T[] = [];
  #wake = () => {};
  #ended = false;

  push(event: T): void {
    this.#events.push(event);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    while (!this.#ended || this.#events.length > 0) {
      yield* this.#events.splice(0);
      if (this.#ended || this.#events.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
