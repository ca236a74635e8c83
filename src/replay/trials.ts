import type { Letter } from "../dead-letters/letter.ts";
import { Feed } from "./feed.ts";
import type { Trial } from "./types.ts";

/** Runs a stream of letters through something that answers in its own order, and asks it batch by batch. */
export class Trials {
  readonly #letters = new Feed<Letter>();
  readonly #waiting = new Map<string, { resolve(trial: Trial): void; reject(error: unknown): void }>();
  readonly #running: Promise<void>;
  #failure: { error: unknown } | undefined;
  /** Letters that did not pass, by reason. */
  readonly failed: Trial[] = [];

  constructor(tryLocally: (letters: AsyncIterable<Letter>) => AsyncIterable<Trial>) {
    this.#running = this.#run(tryLocally);
  }

  /** The outcomes of these letters, by message id. @throws what the trial as a whole failed with */
  async of(letters: readonly Letter[]): Promise<Map<string, Trial>> {
    if (this.#failure) throw this.#failure.error;
    const trials = letters.map(
      (letter) =>
        new Promise<Trial>((resolve, reject) => {
          this.#waiting.set(letter.messageId, { resolve, reject });
          this.#letters.push(letter);
        }),
    );
    return new Map((await Promise.all(trials)).map((trial) => [trial.letter.messageId, trial]));
  }

  async close(): Promise<void> {
    this.#letters.end();
    await this.#running;
  }

  async #run(tryLocally: (letters: AsyncIterable<Letter>) => AsyncIterable<Trial>): Promise<void> {
    try {
      for await (const trial of tryLocally(this.#letters)) {
        if (!trial.passed) this.failed.push(trial);
        this.#waiting.get(trial.letter.messageId)?.resolve(trial);
        this.#waiting.delete(trial.letter.messageId);
      }
    } catch (error) {
      this.#failure = { error };
      for (const { reject } of this.#waiting.values()) reject(error);
    }
  }
}
