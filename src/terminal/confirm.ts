import type { Context } from "../context.ts";
import { InterruptedError, UsageError } from "../errors.ts";
import { ask } from "./ask.ts";

/**
 * Asks for a dangerous step. With a terminal the word has to be typed; without one, `--yes` is needed.
 * @throws UsageError (exit 2) without a terminal or `--yes`; InterruptedError when the answer is another.
 */
export async function confirmTyped(context: Context, question: string, word: string): Promise<void> {
  if (context.yes) return;
  checkConfirmable(context, question);
  const { input } = await import("@inquirer/prompts");
  const answer = await ask(context, (streams) =>
    input({ message: `${question} Type ${context.terminal.color.bold(word)} to go ahead:` }, streams),
  );
  if (answer.trim() !== word)
    throw new InterruptedError(
      `Not confirmed (${JSON.stringify(answer)} is not ${word}): nothing was changed.`,
    );
}

/**
 * Asks for a step that loses nothing, with y or n; without a terminal, `--yes` is needed.
 * @throws UsageError (exit 2) without a terminal or `--yes`; InterruptedError when the answer is no.
 */
export async function confirmYes(context: Context, question: string): Promise<void> {
  if (context.yes) return;
  checkConfirmable(context, question);
  const { confirm } = await import("@inquirer/prompts");
  const agreed = await ask(context, (streams) => confirm({ message: question, default: false }, streams));
  if (!agreed) throw new InterruptedError("Not confirmed: nothing was changed.");
}

/**
 * @param question what would be asked; the refusal begins with it, so that nobody gives `--yes` unknowing.
 * @throws UsageError (exit 2) when a confirmation could not be given: no terminal and no `--yes`.
 */
export function checkConfirmable(
  { terminal, yes }: Pick<Context, "terminal" | "yes">,
  question?: string,
): void {
  if (yes || terminal.interactive) return;
  const what = question === undefined ? "" : `${question} `;
  throw new UsageError(`${what}This needs a confirmation, and there is no terminal to ask in.`, {
    hint: "Give --yes to go ahead.",
  });
}
