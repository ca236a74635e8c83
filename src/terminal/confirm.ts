import type { Context } from "../context.ts";
import { InterruptedError, UsageError } from "../errors.ts";
import { ask } from "./ask.ts";

/**
 * Asks for a dangerous step. With a terminal the word has to be typed; without one, `--yes` is needed.
 * @throws UsageError (exit 2) without a terminal or `--yes`; InterruptedError when the answer is another.
 */
export async function confirmTyped(context: Context, question: string, word: string): Promise<void> {
  if (context.yes) return;
  if (!context.terminal.interactive) {
    throw new UsageError("This needs a confirmation, and there is no terminal to ask in.", {
      hint: "Give --yes to go ahead.",
    });
  }
  const { input } = await import("@inquirer/prompts");
  const answer = await ask(context, (streams) =>
    input({ message: `${question} Type ${context.terminal.color.bold(word)} to go ahead:` }, streams),
  );
  if (answer.trim() !== word)
    throw new InterruptedError(
      `Not confirmed (${JSON.stringify(answer)} is not ${word}): nothing was changed.`,
    );
}
