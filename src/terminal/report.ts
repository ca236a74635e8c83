import { CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { EdpError, type ErrorDetails, EXIT, type ExitCode, WatchEndedError } from "../errors.ts";
import { fileFault } from "../file-fault.ts";

/** Where an unexpected error should be reported. */
const ISSUES_URL = packageJson.bugs.url;

/** Writes an error, as text on stderr or as JSON on stdout, and returns the exit code it stands for. */
export function report(error: unknown, options: { json: boolean; verbose: boolean }): ExitCode {
  if (error instanceof WatchEndedError) return error.exitCode;
  const { code, exitCode, message, hint, data } = describe(error);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ error: { code, message, hint: hint ?? null, ...data } })}\n`);
    return exitCode;
  }
  process.stderr.write(`error: ${message}\n`);
  if (hint) process.stderr.write(`hint: ${hint}\n`);
  if (error instanceof Error && (exitCode === EXIT.bug || options.verbose)) {
    process.stderr.write(`${error.stack ?? error.message}\n`);
  }
  return exitCode;
}

type Description = Pick<EdpError, "code" | "exitCode" | "message"> & Pick<ErrorDetails, "hint" | "data">;

function describe(error: unknown): Description {
  const known = error instanceof EdpError ? error : fileFault(error);
  if (known) return known;
  if (error instanceof CommanderError) {
    // "error: unknown command 'depoy'\n(Did you mean deploy?)"
    const [message = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
    const hint = suggestion?.replace(/^\((.*)\)$/, "$1");
    return { code: "USAGE", exitCode: EXIT.usage, message, hint };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "UNEXPECTED",
    exitCode: EXIT.bug,
    message: `unexpected: ${message}`,
    hint: `This is a bug in edp. Please report it with the text above at ${ISSUES_URL}`,
  };
}
