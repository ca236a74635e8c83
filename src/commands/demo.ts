import { defineCommand } from "../command.ts";
import type { DemoStep } from "../demo/tour.ts";
import { EXIT } from "../errors.ts";

interface Options {
  keep: boolean;
  tracks: number;
}

/** Tracks that the tour generates; with their albums and artists some 100 objects. */
const TRACKS = 60;

export default defineCommand<Options, DemoStep>({
  configure(command) {
    command
      .option("--keep", "run it in this directory's local environment, and leave that running")
      .addHelpText(
        "after",
        `
Examples:
  $ edp demo            in a temporary directory; nothing is left behind
  $ edp demo --keep     then look around: edp status, edp ingest spotify --sample 1000 --wait

The tour brings the local engine up, ingests generated Spotify objects, shows the Parquet, lets one object
fail, shows why, tries it locally, mends and replays it, follows it to its end, and closes the tally; then it posts
a made-up store's events to an API and finds them in the lake. It needs no Docker, account, token or network.`,
      );
  },
  options: (_args, flags) => ({ keep: flags.keep === true, tracks: TRACKS }),
  async run(options, context) {
    const { tour } = await import("../demo/tour.ts");
    return tour(options, context);
  },
  exitCode: (step) => (step.ok ? EXIT.done : EXIT.checkFailed),
  render(step, { terminal }) {
    const { color } = terminal;
    const mark = step.ok ? color.green("✔") : color.red("✖");
    terminal.out(`${mark} ${color.bold(step.title)} ${color.dim(`${step.seconds.toFixed(1)} s`)}\n`);
    for (const line of step.lines) terminal.out(`    ${line}\n`);
    terminal.out("\n");
  },
});
