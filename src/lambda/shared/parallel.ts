/** Runs `work` over the items, at most `limit` at a time. Rejects with the first error, like Promise.all. */
export async function eachLimited<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: limit }, lane));
}

/** Bounds how many bytes are held at a time. What exceeds the whole budget waits until it is alone. */
export class ByteBudget {
  #free: number;
  #waiting: { bytes: number; start: () => void }[] = [];

  constructor(private readonly total: number) {
    this.#free = total;
  }

  /** Runs `work` once `bytes` are free, first come, first served. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const held = Math.min(bytes, this.total);
    if (held > this.#free || this.#waiting.length > 0) {
      await new Promise<void>((start) => this.#waiting.push({ bytes: held, start }));
    } else {
      this.#free -= held;
    }
    try {
      return await work();
    } finally {
      this.#free += held;
      this.#admit();
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && next.bytes <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.start();
    }
  }
}
