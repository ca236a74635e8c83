import path from "node:path";
import { Command, type HelpContext } from "commander";
import { type CommandEntry, commands, groups } from "./commands.ts";
import { UsageError } from "./errors.ts";
import { PACKAGE_ROOT } from "./package-root.ts";
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

export interface ProgramOptions {
  /** How help writes the command: `edp`, or `npx edp` where `edp` is not on the PATH. */
  called: string;
  /** stdout is for one JSON document: no help is written beside it. */
  json: boolean;
}

/**
 * How a user of this process calls edp: `npx edp` when npx or an npm script started it, or when it runs
 * from a clone, which puts nothing on the PATH.
 * @param variables environment of the process; npm sets `npm_command`, old npx `npm_lifecycle_event`
 */
export function calledAs(variables: NodeJS.ProcessEnv, root = PACKAGE_ROOT): string {
  const byNpm = variables.npm_command === "exec" || variables.npm_lifecycle_event === "npx";
  const clone = !root.split(path.sep).includes("node_modules");
  return byNpm || clone ? "npx edp" : "edp";
}

/**
 * Builds the commander program; only the modules in `wanted` are imported, the others are known by summary.
 * Its usage errors are thrown and not printed: `terminal/report.ts` words them.
 */
export async function createProgram(
  wanted: (entry: CommandEntry) => boolean,
  onRun: (entry: CommandEntry, args: string[], flags: Record<string, unknown>) => Promise<void>,
  { called, json }: ProgramOptions = { called: "edp", json: false },
): Promise<Command> {
  const asCalled = (help: string) => (called === "edp" ? help : rename(help, called));
  const program = new ProgramCommand("edp", json).configureOutput({
    writeOut: (text) => process.stdout.write(asCalled(text)),
    writeErr: (text) => process.stderr.write(asCalled(text)),
    outputError: () => {},
  });
  addGlobalFlags(program)
    .description("Event-driven data pipelines on AWS, and on an embedded local engine.")
    .version(VERSION, "-V, --version")
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      "after",
      "\nStart here:\n  $ edp demo                      a whole pipeline on this machine, no account needed" +
        "\n  $ edp deploy && edp ingest spotify --sample 100 --wait",
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
  const { description = "", examples = [] } = groups[group] ?? {};
  const created = program.command(group).description(description).exitOverride();
  if (examples.length > 0) {
    created.addHelpText("after", ["\nExamples:", ...examples.map((line) => `  $ ${line}`)].join("\n"));
  }
  parents.set(group, created);
  return created;
}

/** Writes another name for `edp` in the shell lines (`$ edp ...`) of a help text. */
function rename(help: string, called: string): string {
  return help.replaceAll(/^ *\$ .*$/gm, (line) => line.replaceAll(/(?<=\$ |&& |\| )edp\b/g, called));
}

/** Commander's command, except that a missing subcommand is a usage error like any other. */
class ProgramCommand extends Command {
  constructor(
    name: string,
    private readonly json: boolean,
  ) {
    super(name);
  }

  override createCommand(name: string): Command {
    return new ProgramCommand(name, this.json);
  }

  /** Commander asks for help with `error` where a command is missing. @throws UsageError, or commander's end of help. */
  override help(context?: HelpContext | ((text: string) => string)): never {
    if (typeof context === "function") return super.help(context);
    if (!context?.error) return super.help(context);
    // `edp` alone is a question, not a mistake.
    if (this.parent === null && !this.json) return super.help();
    if (!this.json) this.outputHelp({ error: true });
    const names = this.commands.map((command) => command.name());
    throw new UsageError(`Name a command: ${names.join(", ")}`, {
      hint: `Each has its own help: npx edp ${this.parent ? `${this.name()} ` : ""}${names[0]} --help`,
    });
  }
}
