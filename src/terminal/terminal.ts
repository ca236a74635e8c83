import type { ChalkInstance } from "chalk";
import type { Screen } from "./screen.ts";

export interface TerminalOptions {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  /** `false` after `--no-color`; otherwise colour follows the stream, NO_COLOR and FORCE_COLOR. */
  color?: boolean;
}

/** A running measure of work on stderr: a bar in a terminal, a line now and then elsewhere. */
export interface Progress {
  /** Sets how much is done, and the total where it has become known. */
  update(done: number, total?: number): void;
  /** Removes the bar; `summary` is left as one line. */
  end(summary?: string): void;
}

/** A few lines on stderr that are drawn anew in place while several things go on at once. */
export interface Live {
  /** Replaces the lines; where there is no terminal, nothing. */
  show(lines: readonly string[]): void;
  /** A line that stays, above the others. */
  log(line: string): void;
  end(): void;
}

/**
 * The streams of one command. stdout carries data only; progress, prompts and hints go to stderr.
 * `test/support/terminal.ts` has the double.
 */
export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** True where a question can be asked: stdin and stderr are terminals, no `--json`, no CI. */
  readonly interactive: boolean;
  /** Width of stdout in columns; 100 where it is no terminal. */
  readonly columns: number;
  /** Colours for stdout. */
  readonly color: ChalkInstance;
  /** Data: exactly this text on stdout. */
  out(text: string): void;
  /** A line of progress or a hint on stderr, unless `--quiet`. */
  note(line: string): void;
  /** A line that must be seen even with `--quiet`. */
  warn(line: string): void;
  /** A line for `--verbose` only. */
  debug(line: string): void;
  progress(label: string, total?: number, unit?: string): Progress;
  live(): Promise<Live>;
  /** The one block on stdout that is drawn anew in place; undefined where stdout is no terminal. */
  screen(): Screen | undefined;
  /** Shows a spinner on stderr while `work` runs; where there is no terminal, one plain line. */
  spin<T>(label: string, work: () => Promise<T>): Promise<T>;
}
