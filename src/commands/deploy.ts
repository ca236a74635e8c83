import { InvalidArgumentError, Option } from "commander";
import { PACKAGINGS, type Packaging } from "../build/packaging.ts";
import { defineCommand } from "../command.ts";
import { commands } from "../commands.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import { EXIT, UsageError } from "../errors.ts";
import type { PipelineChange } from "../local/engine.ts";
import { PIPELINES_DIRECTORY } from "../package-root.ts";
import type { AwsDeployResult } from "../terraform/deploy.ts";
import { renderAddresses, renderAwsDeploy } from "../terraform/report.ts";
import type { AddressBook } from "../topology/deployment.ts";
import { loadPipelines } from "../topology/load.ts";
import { selectPipelines } from "../topology/select.ts";

interface Options {
  pipelines: string[];
  port: number | undefined;
  awsTiming: boolean;
  planOnly: boolean;
  check: boolean;
  parallelism: number;
  backend: string | undefined;
  packaging: Packaging | undefined;
  showSecrets: boolean;
}

/** `terraform -parallelism`: above its default of 10, so that every queue's 25 seconds pass side by side. */
const DEFAULT_PARALLELISM = 40;

type Result = LocalResult | AwsResult;

interface AwsResult extends AwsDeployResult {
  /** Whether changes decide the exit code. */
  checked: boolean;
  seconds: number;
}

interface LocalResult {
  env: string;
  endpoint: string | null;
  region: string;
  accountId: string;
  /** Address book by pipeline; those deployed earlier stay in it. */
  pipelines: Record<string, AddressBook>;
  changes: { pipeline: string; change: PipelineChange }[];
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
      .option("--plan-only", "AWS: show the plan and change nothing")
      .option("--check", "AWS, with --plan-only: exit 8 when there are changes")
      .option(
        "--parallelism <number>",
        `AWS: resources at once (default: ${DEFAULT_PARALLELISM})`,
        parseCount,
      )
      .option(
        "--backend <where>",
        "AWS: Terraform state in `local` or `s3://bucket/prefix`, created on first use",
      )
      .addOption(
        new Option(
          "--package <type>",
          "AWS: functions as zips or as container images, built by docker, podman or finch (default: edp.config.json, else as they are, at first zips)",
        ).choices(PACKAGINGS),
      )
      .option("--show-secrets", "also print the values of API keys")
      .addHelpText(
        "after",
        `
Examples:
  $ edp deploy                        start the local engine with every pipeline
  $ edp deploy spotify --json         only this one; prints the address book
  $ edp deploy spotify --env prod     to AWS: builds, plans, shows the plan, asks, applies that plan
  $ edp deploy --env prod --plan-only --check     for CI: exit 8 when AWS differs from the declaration
  $ edp deploy --env prod --backend s3://my-state/edp     moves the state to S3, with a lock
  $ edp deploy --env prod --package image     every function as a container image of its own

Deploying never removes another pipeline: that is what \`edp destroy NAME\` is for.`,
      );
  },
  options(args, flags) {
    if (flags.check === true && flags.planOnly !== true) {
      throw new UsageError("--check goes with --plan-only.", { hint: "Give both, or leave --check away." });
    }
    return {
      pipelines: [...args],
      port: flags.port as number | undefined,
      awsTiming: flags.awsTiming === true,
      planOnly: flags.planOnly === true,
      check: flags.check === true,
      parallelism: (flags.parallelism as number | undefined) ?? DEFAULT_PARALLELISM,
      backend: flags.backend as string | undefined,
      packaging: flags.package as Packaging | undefined,
      showSecrets: flags.showSecrets === true,
    };
  },
  async run(options, context) {
    const result = await (context.env === LOCAL_ENV ? runLocal(options, context) : runAws(options, context));
    if (!options.showSecrets) return result;
    const { withApiKeys } = await import("../aws/rest-apis.ts");
    return { ...result, pipelines: await withApiKeys(result, result.pipelines, context) };
  },
  exitCode: (result) =>
    "checked" in result && result.checked && result.changes.length > 0 ? EXIT.checkFailed : EXIT.done,
  render(result, { terminal }) {
    if (!("started" in result)) return renderAwsDeploy(result, terminal);
    const { color } = terminal;
    const what = result.changes.map(({ pipeline, change }) => `${pipeline} ${change}`).join(", ");
    terminal.out(
      `${color.green("✔")} ${color.bold(result.env)} is up at ${result.endpoint} (${what}) in ${result.seconds.toFixed(1)} s\n`,
    );
    renderAddresses(result.pipelines, terminal);
    const sources = result.changes.map(({ pipeline }) => pipeline).filter(hasIngest);
    const next = sources[0] === undefined ? "status" : `ingest ${sources[0]} --sample 100 --wait`;
    terminal.note(`\nNext: npx edp ${next}    Stop: npx edp destroy`);
  },
});

function hasIngest(pipeline: string): boolean {
  return commands.some(({ path: [group, name] }) => group === "ingest" && name === pipeline);
}

async function runLocal(options: Options, context: Context): Promise<LocalResult> {
  if (options.planOnly || options.backend || options.packaging) {
    throw new UsageError(
      "--plan-only, --backend and --package are for environments on AWS; this one is the local engine.",
      {
        hint: "Name an environment with --env.",
      },
    );
  }
  const started = context.now();
  const names = options.pipelines.length > 0 ? options.pipelines : (context.config.pipelines ?? []);
  const pipelines = selectPipelines(await loadPipelines([PIPELINES_DIRECTORY]), names);
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
    changes: outcome.changes,
    started: outcome.started,
    seconds: (context.now() - started) / 1000,
  };
}

async function runAws(options: Options, context: Context): Promise<AwsResult> {
  if (options.port !== undefined || options.awsTiming) {
    throw new UsageError("--port and --aws-timing are for the local engine.", {
      hint: `Leave them away, or leave --env ${context.env} away.`,
    });
  }
  const started = context.now();
  const { deployAws } = await import("../terraform/deploy.ts");
  const known = await loadPipelines([PIPELINES_DIRECTORY]);
  const { pipelines: names, planOnly, parallelism, backend } = options;
  const packaging = options.packaging ?? context.config.package;
  const result = await deployAws(context, { known, names, planOnly, parallelism, backend, packaging });
  return { ...result, checked: options.check, seconds: (context.now() - started) / 1000 };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError("It must be 1-65535.");
  return port;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 256)
    throw new InvalidArgumentError("It must be 1-256.");
  return count;
}
