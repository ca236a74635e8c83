import type { Argument } from "@bomb.sh/tab";
import tab from "@bomb.sh/tab/commander";
import { PIPELINES_DIRECTORY } from "./package-root.ts";
import { createProgram } from "./program.ts";
import { loadPipelines } from "./topology/load.ts";

/**
 * Answers the shell's completion script: `edp complete -- <words so far>`. Commands and flags come from the
 * commander program itself, pipeline names from the pipeline files.
 */
export async function complete(argv: readonly string[]): Promise<void> {
  const program = await createProgram(
    () => true,
    async () => {},
  );
  const root = tab(program, { completionCommandName: "completion-script" });
  const pipelines = await loadPipelines([PIPELINES_DIRECTORY]);
  for (const command of root.commands.values()) {
    const argument: Argument | undefined =
      command.arguments.get("pipeline") ?? command.arguments.get("target");
    if (argument) {
      argument.handler = (offer) => {
        for (const pipeline of pipelines) offer(pipeline.name, pipeline.description);
      };
    }
  }
  await program.parseAsync([...argv], { from: "user" });
}
