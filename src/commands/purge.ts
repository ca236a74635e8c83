import { defineCommand } from "../command.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import type { PurgedThing, PurgeResult } from "../purge/purge.ts";
import { counted } from "../terminal/format.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

const KEPT = {
  stream: (name: string) =>
    `the stream ${name} keeps its records: nothing can delete them before they expire`,
  database: (name: string) => `the database ${name} is left alone: drop its tables with SQL`,
};

interface Options {
  pipelines: string[];
}

export default defineCommand<Options, PurgeResult>({
  configure(command) {
    command.argument("[pipeline...]", "pipelines to empty (default: all that are deployed)").addHelpText(
      "after",
      `
Examples:
  $ edp purge                     counts, asks for the environment's name, empties everything
  $ edp purge spotify --yes       only this pipeline, without asking
  $ edp purge --env staging --json

Deletes every object version, delete marker and unfinished upload of the buckets, the messages of the queues, of
their dead-letter queues and of the undelivered events, and the items of the tables. A stream can't be emptied, and
databases are left alone. What is deployed stays. Interrupted with Ctrl-C, the same
command goes on where it was.`,
    );
  },
  options: (args) => ({ pipelines: [...args] }),
  run,
  render(result, { terminal }) {
    const { color } = terminal;
    const parts = [
      counted(result.deletedVersions, "object version"),
      ...(result.purged.some(({ kind }) => kind === "table") ? [counted(result.deletedItems, "item")] : []),
      counted(result.messages, "message"),
    ];
    terminal.out(
      `${color.green("✔")} ${result.env}: ${parts.slice(0, -1).join(", ")} and ${parts.at(-1)} deleted in ${result.seconds.toFixed(1)} s\n`,
    );
    for (const { kind, name } of result.kept) terminal.note(`${color.yellow("!")} ${KEPT[kind](name)}`);
  },
});

async function run({ pipelines }: Options, context: Context): Promise<PurgeResult> {
  const [{ loadDeployment }, { checkDeployed }, { Purge }, { confirmTyped }] = await Promise.all([
    import("../topology/load-deployment.ts"),
    import("../topology/select.ts"),
    import("../purge/purge.ts"),
    import("../terminal/confirm.ts"),
  ]);
  const deployment = await loadDeployment(context);
  checkDeployed(deployment, pipelines);
  const { terminal } = context;
  const place = context.env === LOCAL_ENV ? "" : ` (${deployment.accountId}, ${deployment.region})`;
  terminal.note(`Environment ${context.env}${place}`);
  const purge = new Purge(deployment, pipelines, context);
  try {
    const things = await terminal.spin("Counting what is there", () => purge.count());
    if (things.some(holdsData)) {
      terminal.note(list(things, terminal));
      await confirmTyped(context, "All of this will be deleted.", context.env);
    }
    const started = context.now();
    const result = await purge.run(things);
    return { env: context.env, ...result, seconds: (context.now() - started) / 1000 };
  } finally {
    purge.close();
  }
}

function holdsData({ count, versions }: PurgedThing): boolean {
  return count !== 0 || (versions ?? 0) > 0;
}

function list(things: readonly PurgedThing[], terminal: Terminal): string {
  const rows = things.map(({ kind, name, count, versions, atLeast }) => [
    kind,
    name,
    atLeast ? `${count}+` : count,
    versions,
  ]);
  return table(terminal, ["", "", "holds", "older versions"], rows).trimEnd();
}
