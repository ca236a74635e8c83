import { setMaxListeners } from "node:events";
import process from "node:process";
import { type Config, loadConfig, readConfig } from "./config.ts";
import { InterruptedError } from "./errors.ts";
import { createTerminal } from "./terminal/process-terminal.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** What every command gets: terminal, configuration, environment, clock and an abort signal. */
export interface Context {
  readonly terminal: Terminal;
  readonly config: Config;
  /** The user's project directory: `.edp/` and `edp.config.json` lie here. */
  readonly directory: string;
  /** Name of the environment this command acts on; `local` is the embedded engine. */
  readonly env: string;
  readonly profile: string | undefined;
  readonly region: string | undefined;
  readonly endpointUrl: string | undefined;
  /** `--yes`: confirmations need no prompt. */
  readonly yes: boolean;
  /** Environment variables of the shell; commands read them through here only. */
  readonly variables: NodeJS.ProcessEnv;
  /** Aborted with an InterruptedError at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Takes the signal handlers off again. */
  close(): Promise<void>;
}

export const LOCAL_ENV = "local";

/**
 * Builds the context from the global flags, then EDP_ENV and friends, then `edp.config.json`.
 * @throws InvalidInputError when that file is wrong, unless `configMayBeWrong`: then what is right of it counts.
 */
export async function createContext(
  flags: Record<string, unknown>,
  variables: NodeJS.ProcessEnv = process.env,
  directory = process.cwd(),
  configMayBeWrong = false,
): Promise<Context> {
  const text = (key: string): string | undefined =>
    typeof flags[key] === "string" && flags[key] !== "" ? flags[key] : undefined;
  const config = configMayBeWrong ? (await readConfig(directory)).config : await loadConfig(directory);
  const abort = new AbortController();
  // Every request under way listens; a warning beyond ten would only alarm.
  setMaxListeners(0, abort.signal);
  const onSignal = () => abort.abort(new InterruptedError());
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    config,
    directory,
    variables,
    terminal: createTerminal({
      json: flags.json === true,
      quiet: flags.quiet === true,
      verbose: flags.verbose === true,
      // https://no-color.org: set to anything but nothing.
      color: flags.color !== false && !variables.NO_COLOR,
    }),
    env: text("env") ?? (variables.EDP_ENV || undefined) ?? config.env,
    profile: text("profile") ?? variables.AWS_PROFILE ?? config.profile,
    region: text("region") ?? variables.AWS_REGION ?? variables.AWS_DEFAULT_REGION ?? config.region,
    endpointUrl: text("endpointUrl") ?? variables.AWS_ENDPOINT_URL ?? config.endpointUrl,
    yes: flags.yes === true,
    signal: abort.signal,
    now: Date.now,
    close: async () => {
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    },
  };
}
