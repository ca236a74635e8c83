import { InvalidArgumentError } from "commander";
import { defineCommand } from "../command.ts";
import { LOCAL_ENV } from "../context.ts";
import { NotDeployedError } from "../errors.ts";
import { PIPELINES_DIRECTORY } from "../package-root.ts";
import type { AddressBook } from "../topology/deployment.ts";
import { loadPipelines } from "../topology/load.ts";
import { selectPipelines } from "../topology/select.ts";

interface Options {
  pipelines: string[];
  port: number | undefined;
  awsTiming: boolean;
}

interface Result {
  env: string;
  endpoint: string | null;
  region: string;
  accountId: string;
  /** Address book by pipeline; those deployed earlier stay in it. */
  pipelines: Record<string, AddressBook>;
  changes: { pipeline: string; change: "added" | "updated" }[];
  /** Whether this call started the local engine. */
  started: boolean;
  seconds: number;
}

export default defineCommand<Options, Result>({
  configure(command) {
    command
      .argument("[pipeline...]", "pipelines to add or update (default: those of edp.config.json, else all)")
      .option(
        "--port <number>",
        "port of the local engine on 127.0.0.1 (default: 4510, else any free one)",
        parsePort,
      )
      .option("--aws-timing", "keep the declared batch windows and visibility timeouts on the local engine")
      .addHelpText(
        "after",
        `
Examples:
  $ edp deploy                        start the local engine with every pipeline
  $ edp deploy spotify --json         only this one; prints the address book

Deploying never removes another pipeline: that is what \`edp destroy NAME\` is for.`,
      );
  },
  options: (args, flags) => ({
    pipelines: [...args],
    port: flags.port as number | undefined,
    awsTiming: flags.awsTiming === true,
  }),
  async run(options, context) {
    const started = context.now();
    const names = options.pipelines.length > 0 ? options.pipelines : (context.config.pipelines ?? []);
    const pipelines = selectPipelines(await loadPipelines([PIPELINES_DIRECTORY]), names);
    if (context.env !== LOCAL_ENV) {
      throw new NotDeployedError(`Environments other than ${LOCAL_ENV} cannot be deployed by this version.`);
    }
    const { deployLocal } = await import("../local/deploy.ts");
    const { deployment, ...outcome } = await context.terminal.spin("Starting the local engine", () =>
      deployLocal(context, { pipelines, port: options.port, awsTiming: options.awsTiming }),
    );
    return {
      env: deployment.env,
      endpoint: deployment.endpoint,
      region: deployment.region,
      accountId: deployment.accountId,
      pipelines: Object.fromEntries(
        Object.entries(deployment.pipelines).map(([name, { addresses }]) => [name, addresses]),
      ),
      changes: [
        ...outcome.added.map((pipeline) => ({ pipeline, change: "added" as const })),
        ...outcome.updated.map((pipeline) => ({ pipeline, change: "updated" as const })),
      ],
      started: outcome.started,
      seconds: (context.now() - started) / 1000,
    };
  },
  render(result, { terminal }) {
    const { color } = terminal;
    const what = result.changes.map(({ pipeline, change }) => `${pipeline} ${change}`).join(", ");
    terminal.out(
      `${color.green("✔")} ${color.bold(result.env)} is up at ${result.endpoint} (${what}) in ${result.seconds.toFixed(1)} s\n`,
    );
    for (const [name, addresses] of Object.entries(result.pipelines)) {
      terminal.out(`\n${color.bold(name)}\n`);
      for (const [key, { name: bucket }] of Object.entries(addresses.buckets))
        row("bucket", key, `s3://${bucket}`);
      for (const [key, { url }] of Object.entries(addresses.queues)) row("queue", key, url);
      for (const [key, { name: physical }] of Object.entries(addresses.functions))
        row("function", key, physical);
    }
    terminal.note(`\nNext: npx edp ingest spotify --sample 100 --wait    Stop: npx edp destroy`);
    function row(kind: string, key: string, address: string): void {
      terminal.out(`  ${color.dim(kind.padEnd(9))} ${key.padEnd(12)} ${address}\n`);
    }
  },
});

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError("It must be 1-65535.");
  return port;
}
