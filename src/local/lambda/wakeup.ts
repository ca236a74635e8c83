/** A signal for one waiter that is never lost: a wake while nobody waits lets the next wait through. */
export class Wakeup {
  #woken = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    if (resolve) resolve();
    else this.#woken = true;
  }

  /** Forgets wakes so far; what comes after counts. */
  reset(): void {
    this.#woken = false;
  }

  /** Resolves at the next wake, or at once when there was one since the last `wait` or `reset`. */
  wait(): Promise<void> {
    if (this.#woken) {
      this.#woken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Gives up the running wait: its promise never settles, and the next wake is kept. */
  giveUp(): void {
    this.#resolve = undefined;
  }
}
