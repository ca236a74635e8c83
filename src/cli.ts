import type { CommanderError } from "commander";
import { EXIT, type ExitCode } from "./errors.ts";
import { VERSION } from "./version.ts";

/** Ends edp at a Ctrl-C that comes before a command has begun, and so has nothing to leave in order. */
const interruptedEarly = () => {
  const message = "Interrupted.";
  if (process.argv.includes("--json")) {
    process.stdout.write(`${JSON.stringify({ error: { code: "INTERRUPTED", message, hint: null } })}\n`);
  } else process.stderr.write(`error: ${message}\n`);
  process.exit(EXIT.interrupted);
};
process.on("SIGINT", interruptedEarly);

/** Runs edp with the words after `edp`. The only place that catches. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const words = new Set(argv.filter((word) => !word.startsWith("-")));
  let code: ExitCode = EXIT.done;
  try {
    // Asked by every script that looks for edp: answered without loading commander.
    if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
      process.stdout.write(`${VERSION}\n`);
      return EXIT.done;
    }
    if (argv[0] === "complete") {
      const { complete } = await import("./complete.ts");
      await complete(argv);
      return EXIT.done;
    }
    const { calledAs, createProgram } = await import("./program.ts");
    const program = await createProgram(
      (entry) => entry.path.every((word) => words.has(word)),
      async (entry, args, flags) => {
        const [{ execute }, { createContext }, { default: module }] = await Promise.all([
          import("./command.ts"),
          import("./context.ts"),
          entry.load(),
        ]);
        const context = await createContext(flags, undefined, undefined, module.configMayBeWrong);
        process.off("SIGINT", interruptedEarly);
        try {
          code = await execute(module, args, flags, context);
        } finally {
          await context.close();
        }
      },
      { called: calledAs(process.env), json: argv.includes("--json") },
    );
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    // Help that was asked for ends as an error of commander's with exit code 0.
    if (
      (error as Partial<CommanderError>).code?.startsWith("commander.") &&
      (error as CommanderError).exitCode === 0
    ) {
      return EXIT.done;
    }
    const { report } = await import("./terminal/report.ts");
    return report(error, { json: argv.includes("--json"), verbose: argv.includes("--verbose") });
  }
  return code;
}

// `edp --help | head` closes the pipe early; that is the reader's right, not a fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
// Set, not process.exit(): stdout to a pipe must drain first.
process.exitCode = await main(process.argv.slice(2));
