import process from "node:process";
import type { Context } from "../context.ts";
import { InterruptedError } from "../errors.ts";

/** What every prompt of `@inquirer/prompts` takes besides its question. */
export interface PromptStreams {
  /** stderr, since stdout carries data. */
  output: NodeJS.WritableStream;
  /** Ends the prompt when the command is interrupted. */
  signal: AbortSignal;
}

/**
 * Runs prompts. Call it only where `context.terminal.interactive`.
 * @throws InterruptedError at Ctrl-C.
 */
export async function ask<T>(context: Context, prompts: (streams: PromptStreams) => Promise<T>): Promise<T> {
  try {
    return await prompts({ output: process.stderr, signal: context.signal });
  } catch (error) {
    const { name } = error as Error;
    if (name === "ExitPromptError" || name === "AbortPromptError") throw new InterruptedError();
    throw error;
  }
}
