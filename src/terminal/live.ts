import type { Live } from "./terminal.ts";

/** Lines that are drawn anew in place, below the lines that stay. */
export async function startLive(): Promise<Live> {
  const { default: ora } = await import("ora");
  const spinner = ora({ stream: process.stderr, discardStdin: false, text: "" }).start();
  return {
    show: (lines) => {
      spinner.text = lines.join("\n");
    },
    log: (line) => {
      spinner.clear();
      process.stderr.write(`${line}\n`);
    },
    end: () => void spinner.stop(),
  };
}
