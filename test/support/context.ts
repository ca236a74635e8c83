import { parseConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { type RecordedTerminal, recordTerminal } from "./terminal.ts";

/** A context that touches nothing of the shell: no variables, a recorded terminal, a fixed clock. */
export function testContext(
  directory: string,
  overrides: Partial<Context> & { terminal?: RecordedTerminal } = {},
): Context & { terminal: RecordedTerminal } {
  return {
    terminal: recordTerminal(),
    config: parseConfig("{}", "edp.config.json"),
    directory,
    env: "local",
    profile: undefined,
    region: undefined,
    endpointUrl: undefined,
    yes: false,
    variables: { HOME: directory },
    signal: new AbortController().signal,
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    close: async () => {},
    ...overrides,
  };
}
