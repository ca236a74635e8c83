import { Chalk } from "chalk";
import type { Terminal } from "../../src/terminal/terminal.ts";

/** A terminal that records what was written, without colour. */
export interface RecordedTerminal extends Terminal {
  stdout: string;
  stderr: string;
}

export function recordTerminal(overrides: Partial<Terminal> = {}): RecordedTerminal {
  const terminal: RecordedTerminal = {
    stdout: "",
    stderr: "",
    json: false,
    quiet: false,
    verbose: false,
    interactive: false,
    columns: 100,
    color: new Chalk({ level: 0 }),
    out: (text) => {
      terminal.stdout += text;
    },
    note: (line) => {
      terminal.stderr += `${line}\n`;
    },
    warn: (line) => {
      terminal.stderr += `${line}\n`;
    },
    debug: () => {},
    progress: () => ({ update() {}, end() {} }),
    live: async () => ({ show() {}, log: (line) => terminal.note(line), end() {} }),
    screen: () => undefined,
    spin: (_label, work) => work(),
    ...overrides,
  };
  return terminal;
}
