/** Lets work on the same things run one after the other, in the order in which it came. */
export class Locks {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `work` when all work that came before and holds one of these names is done. */
  async hold<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    // All are taken in one turn, so that no two can wait for each other.
    const before = names.flatMap((name) => this.#last.get(name) ?? []);
    let release = () => {};
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (const name of names) this.#last.set(name, mine);
    try {
      if (before.length > 0) await Promise.all(before);
      return await work();
    } finally {
      for (const name of names) if (this.#last.get(name) === mine) this.#last.delete(name);
      release();
    }
  }
}
