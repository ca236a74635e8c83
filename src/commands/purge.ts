import { defineCommand } from "../command.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import type { PurgedThing, PurgeResult } from "../purge/purge.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

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

Deletes every object version, delete marker and unfinished upload of the buckets, and the messages of the queues,
of their dead-letter queues and of the undelivered events. What is deployed stays. Interrupted with Ctrl-C, the same
command goes on where it was.`,
    );
  },
  options: (args) => ({ pipelines: [...args] }),
  run,
  render(result, { terminal }) {
    const { color } = terminal;
    const versions = result.deletedVersions.toLocaleString("en-US");
    const messages = result.messages.toLocaleString("en-US");
    terminal.out(
      `${color.green("✔")} ${result.env}: ${versions} object versions and ${messages} messages deleted in ${result.seconds.toFixed(1)} s\n`,
    );
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
    const counted = await terminal.spin("Counting what is there", () => purge.count());
    if (counted.some(holdsData)) {
      terminal.note(list(counted, terminal));
      await confirmTyped(context, "All of this will be deleted.", context.env);
    }
    const started = context.now();
    const result = await purge.run(counted);
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
