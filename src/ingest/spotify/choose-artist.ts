import type { Context } from "../../context.ts";
import { InterruptedError } from "../../errors.ts";
import { type ChooseArtist, describeCandidate } from "./match-artist.ts";

/** Asks in the terminal which artist is meant; null where there is no terminal. */
export function artistPrompt(context: Context): ChooseArtist | null {
  if (!context.terminal.interactive) return null;
  return async (name, candidates) => {
    const { select } = await import("@inquirer/prompts");
    return select(
      {
        message: `Which artist do you mean by ${JSON.stringify(name)}?`,
        choices: candidates.map((one) => ({
          value: one.id,
          name: describeCandidate(one),
          description: one.id,
        })),
      },
      { output: process.stderr, signal: context.signal },
    ).catch((error: Error) => {
      if (error.name === "ExitPromptError" || error.name === "AbortPromptError") throw new InterruptedError();
      throw error;
    });
  };
}
