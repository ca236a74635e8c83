import type { Command } from "commander";
import type { Context } from "./context.ts";
import { EXIT, type ExitCode } from "./errors.ts";

/**
 * One CLI command, in three parts: flags -> options, `run` that prints nothing, and a renderer of its result.
 * The result object is also what `--json` prints. A command that streams returns an async iterable: each
 * item is one JSON line under `--json`, one call of `render` otherwise.
 */
export interface CommandModule<Options = unknown, Result = unknown> {
  /** The command runs even where `edp.config.json` is wrong, because it explains or repairs it. */
  configMayBeWrong?: boolean;
  /** Declares arguments, flags, description and help examples. */
  configure(command: Command): void;
  /** Turns commander's arguments and flags into checked options. Throws UsageError. */
  options(args: readonly string[], flags: Record<string, unknown>): Options;
  run(options: Options, context: Context): Promise<Result | AsyncIterable<Result>>;
  /** Human text for stdout. */
  render(result: Result, context: Context): void;
  /** Exit code of a result that is not an error, 0 when absent. */
  exitCode?(result: Result): ExitCode;
}

/** Types a command's three parts against each other; the CLI itself sees only `CommandModule`. */
export function defineCommand<Options, Result>(module: CommandModule<Options, Result>): CommandModule {
  return module as CommandModule;
}

/** Runs a command and writes its result, as JSON or through its renderer. Returns the exit code. */
export async function execute(
  module: CommandModule,
  args: readonly string[],
  flags: Record<string, unknown>,
  context: Context,
): Promise<ExitCode> {
  const { terminal } = context;
  const show = (result: unknown, space?: number) =>
    terminal.json
      ? terminal.out(`${escapeControls(JSON.stringify(result, null, space))}\n`)
      : module.render(result, context);
  const result = await module.run(module.options(args, flags), context);
  if (!isStream(result)) {
    show(result, 2);
    return module.exitCode?.(result) ?? EXIT.done;
  }
  let code: ExitCode = EXIT.done;
  for await (const item of result) {
    show(item);
    code = module.exitCode?.(item) ?? code;
  }
  // A stream that Ctrl-C has ended quietly.
  return context.signal.aborted ? EXIT.interrupted : code;
}

/** JSON leaves DEL and the 8-bit control characters as they are; a terminal takes them as commands. */
function escapeControls(json: string): string {
  return json.replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
