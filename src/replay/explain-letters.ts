import type { Clients } from "../aws/clients.ts";
import { type Letter, withEvidence } from "../dead-letters/letter.ts";
import { findLoggedCauses, MOST_SEARCHED } from "../dead-letters/logged-causes.ts";

/** A `--where` that asks for the cause; in a quoted text it costs a search too many, no more. */
const ASKS_FOR_CAUSE = /\bcause\b/;

/**
 * Finds the causes of letters that carry none, as those do which came by plain redrive, in their functions' logs: so
 * `--where` selects here what `edp tail --dlq` shows. Each letter is searched for once, MOST_SEARCHED in all.
 */
export class LetterExplainer {
  readonly #known = new Map<string, Letter["evidence"]>();
  #left = MOST_SEARCHED;

  /**
   * @param logGroups of the functions that read from the source queue
   * @param tell hears of what could not be searched, one sentence each
   */
  constructor(
    private readonly clients: Clients,
    private readonly logGroups: readonly string[],
    private readonly signal: AbortSignal,
    private readonly tell: (problem: string) => void,
  ) {}

  /** The given letters in their order, with a cause where one was found. */
  async explain(letters: readonly Letter[]): Promise<Letter[]> {
    const unknown = letters.filter(
      ({ evidence, messageId }) => evidence.origin === null && !this.#known.has(messageId),
    );
    if (unknown.length > 0 && this.#left > 0 && this.logGroups.length > 0) await this.#search(unknown);
    return letters.map((letter) => {
      const evidence = letter.evidence.origin === null ? this.#known.get(letter.messageId) : undefined;
      return evidence ? withEvidence(letter, evidence) : letter;
    });
  }

  async #search(unknown: readonly Letter[]): Promise<void> {
    const some = unknown.slice(0, this.#left);
    this.#left -= some.length;
    const logs = await this.clients.logs();
    const { letters, problems } = await findLoggedCauses(logs, this.logGroups, some, this.signal);
    for (const { messageId, evidence } of letters) this.#known.set(messageId, evidence);
    for (const problem of problems) this.tell(problem);
    if (this.#left === 0) {
      this.tell(`Only the first ${MOST_SEARCHED} letters without a cause were searched for in the logs.`);
    }
  }
}

/** Whether a `--where` can only be answered with the letters' causes. */
export function asksForCause(where: string | undefined): boolean {
  return where !== undefined && ASKS_FOR_CAUSE.test(where);
}

/** The letters of a look with their causes; those without one come last, so that one search serves them all. */
export async function* explained<T extends { letter: Letter; queue: string }>(
  letters: AsyncIterable<T>,
  explainers: ReadonlyMap<string, LetterExplainer>,
): AsyncGenerator<T> {
  const waiting = new Map<string, T[]>();
  for await (const one of letters) {
    if (one.letter.evidence.origin !== null || !explainers.has(one.queue)) yield one;
    else {
      const some = waiting.get(one.queue) ?? [];
      some.push(one);
      waiting.set(one.queue, some);
    }
  }
  for (const [queue, some] of waiting) {
    const found = (await explainers.get(queue)?.explain(some.map(({ letter }) => letter))) ?? [];
    for (const [index, one] of some.entries()) yield { ...one, letter: found[index] ?? one.letter };
  }
}
