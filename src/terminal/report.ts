import { CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { EdpError, EXIT, type ExitCode, WatchEndedError } from "../errors.ts";

/** Where an unexpected error should be reported. */
const ISSUES_URL = packageJson.bugs.url;

/** Writes an error, as text on stderr or as JSON on stdout, and returns the exit code it stands for. */
export function report(error: unknown, options: { json: boolean; verbose: boolean }): ExitCode {
  if (error instanceof WatchEndedError) return error.exitCode;
  const { code, exitCode, message, hint } = describe(error);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ error: { code, message, hint: hint ?? null } })}\n`);
    return exitCode;
  }
  // commander has printed its own usage errors already.
  if (!(error instanceof CommanderError)) {
    process.stderr.write(`error: ${message}\n`);
    if (hint) process.stderr.write(`hint: ${hint}\n`);
  }
  if (error instanceof Error && (exitCode === EXIT.bug || options.verbose)) {
    process.stderr.write(`${error.stack ?? error.message}\n`);
  }
  return exitCode;
}

function describe(error: unknown): { code: string; exitCode: ExitCode; message: string; hint?: string } {
  if (error instanceof EdpError) return error;
  if (error instanceof CommanderError) {
    return { code: "USAGE", exitCode: EXIT.usage, message: error.message.replace(/^error: /, "") };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "UNEXPECTED",
    exitCode: EXIT.bug,
    message: `unexpected: ${message}`,
    hint: `This is a bug in edp. Please report it with the text above at ${ISSUES_URL}`,
  };
}
