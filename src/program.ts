import { Command } from "commander";
import { type CommandEntry, commands, groups } from "./commands.ts";
import { VERSION } from "./version.ts";

/** Global flags, accepted before and after the command. */
export function addGlobalFlags(command: Command): Command {
  return command
    .option("--env <name>", "environment: `local` is the embedded engine, any other is AWS (EDP_ENV)")
    .option("--profile <name>", "AWS profile")
    .option("--region <name>", "AWS region")
    .option("--endpoint-url <url>", "AWS-compatible endpoint instead of AWS (AWS_ENDPOINT_URL)")
    .option("--json", "one JSON document on stdout; streaming commands print one object a line")
    .option("-y, --yes", "answer every confirmation with yes")
    .option("-q, --quiet", "no progress and no hints on stderr")
    .option("-v, --verbose", "more detail on stderr")
    .option("--no-color", "plain text (also NO_COLOR)");
}

/** Builds the commander program; only the modules in `wanted` are imported, the others are known by summary. */
export async function createProgram(
  wanted: (entry: CommandEntry) => boolean,
  onRun: (entry: CommandEntry, args: string[], flags: Record<string, unknown>) => Promise<void>,
): Promise<Command> {
  const program = addGlobalFlags(new Command("edp"))
    .description("Event-driven data pipelines on AWS, and on an embedded local engine.")
    .version(VERSION, "-V, --version")
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      "after",
      "\nStart here:\n  $ edp demo                      a whole pipeline on this machine, no account needed" +
        "\n  $ edp deploy && edp ingest spotify --sample 100 --wait\n",
    );
  const parents = new Map<string, Command>();
  for (const entry of commands) {
    const name = entry.path.at(-1) ?? "";
    const command = parentOf(entry, program, parents).command(name).summary(entry.summary);
    command.description(entry.summary).exitOverride();
    if (wanted(entry)) (await entry.load()).default.configure(command);
    addGlobalFlags(command);
    command.action(async () => {
      await onRun(entry, command.args, command.optsWithGlobals());
    });
  }
  return program;
}

function parentOf(entry: CommandEntry, program: Command, parents: Map<string, Command>): Command {
  const [group, ...rest] = entry.path;
  if (group === undefined || rest.length === 0) return program;
  const known = parents.get(group);
  if (known) return known;
  const created = program
    .command(group)
    .description(groups[group] ?? "")
    .exitOverride();
  parents.set(group, created);
  return created;
}
