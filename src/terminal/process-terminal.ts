import process from "node:process";
import chalk, { Chalk, supportsColor } from "chalk";
import { plainProgress, startBar } from "./progress.ts";
import { openScreen, type Screen } from "./screen.ts";
import type { Terminal, TerminalOptions } from "./terminal.ts";

/** Columns assumed where stdout is no terminal. */
const PIPE_COLUMNS = 100;

/** The terminal of this process. */
export function createTerminal(options: TerminalOptions = {}): Terminal {
  const { json = false, quiet = false, verbose = false } = options;
  // A pseudo terminal without a size has 0 columns; a spinner there would count its lines for ever.
  const animated = process.stderr.isTTY === true && process.stderr.columns > 0 && !quiet && !process.env.CI;
  const level = options.color === false || !supportsColor ? 0 : supportsColor.level;
  // The spinner's library paints with chalk's own instance.
  if (level === 0) chalk.level = 0;
  const line = (text: string) => process.stderr.write(`${text}\n`);
  let screen: Screen | undefined;
  return {
    json,
    quiet,
    verbose,
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true && !json && !process.env.CI,
    columns: process.stdout.columns || PIPE_COLUMNS,
    color: new Chalk({ level }),
    out: (text) => void process.stdout.write(text),
    note: (text) => void (quiet || line(text)),
    warn: (text) => void line(text),
    debug: (text) => void (verbose && line(text)),
    progress: (label, total, unit = "") => {
      if (quiet) return { update() {}, end() {} };
      return animated ? startBar(label, total, unit) : plainProgress(label, total, unit, line, Date.now);
    },
    live: async () => {
      if (animated) return (await import("./live.ts")).startLive();
      return { show() {}, log: (text) => void (quiet || line(text)), end() {} };
    },
    screen: () => {
      if (!process.stdout.isTTY || json || process.env.CI) return undefined;
      screen ??= openScreen(process.stdout);
      return screen;
    },
    spin: async (label, work) => {
      if (!animated) {
        if (!quiet) line(`${label} ...`);
        return work();
      }
      const { default: ora } = await import("ora");
      const spinner = ora({ text: label, stream: process.stderr, discardStdin: false }).start();
      try {
        return await work();
      } finally {
        spinner.stop();
      }
    },
  };
}
