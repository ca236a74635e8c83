import path from "node:path";
import process from "node:process";
import { script } from "@bomb.sh/tab";
import { defineCommand } from "../command.ts";
import { UsageError } from "../errors.ts";
import { PACKAGE_ROOT } from "../package-root.ts";

const SHELLS = ["bash", "zsh", "fish"];

interface Result {
  shell: string;
  /** The script to source. */
  script: string;
}

export default defineCommand<{ shell: string }, Result>({
  configure(command) {
    command.argument("<shell>", `one of ${SHELLS.join(", ")}`).addHelpText(
      "after",
      `
Examples:
  $ source <(npx edp completion bash)                                  this shell only
  $ npx edp completion bash > ~/.local/share/bash-completion/completions/edp
  $ npx edp completion zsh > "\${fpath[1]}/_edp"
  $ npx edp completion fish > ~/.config/fish/completions/edp.fish

bash needs the package bash-completion.`,
    );
  },
  options([shell = ""]) {
    if (!SHELLS.includes(shell)) {
      throw new UsageError(`There is no completion for the shell ${JSON.stringify(shell)}.`, {
        hint: `Give one of: ${SHELLS.join(", ")}.`,
      });
    }
    return { shell };
  },
  async run({ shell }) {
    const words = [process.execPath, path.join(PACKAGE_ROOT, "bin", "edp.js")].map((word) =>
      /^[\w/.:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
    );
    return { shell, script: capture(() => script(shell, "edp", words.join(" "))) };
  },
  render(result, { terminal }) {
    terminal.out(result.script);
  },
});

/** The library prints its script; here it has to become a value, for `--json` and for tests. */
function capture(print: () => void): string {
  let text = "";
  const { log } = globalThis.console;
  globalThis.console.log = (line: string) => {
    text += `${line}\n`;
  };
  try {
    print();
  } finally {
    globalThis.console.log = log;
  }
  return text;
}
