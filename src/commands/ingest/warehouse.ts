import { InvalidArgumentError } from "commander";
import { defineCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { EXIT, UsageError } from "../../errors.ts";
import { type FilesResult, filesExitCode, renderFiles } from "../../ingest/files/result.ts";
import type { WarehouseRequest } from "../../ingest/warehouse/ingest.ts";
import { isDate } from "../../lambda/warehouse/run/csv/field.ts";
import type { RunOutcome } from "../../lambda/warehouse/run/run.ts";

type Options =
  | Omit<WarehouseRequest, "deployment">
  /** Nothing is sent: the latest files run once more. */
  | { rerun: { asOf: string | undefined } };

/** Result of a run that was asked for directly. */
interface Rerun {
  env: string;
  pipeline: string;
  run: RunOutcome;
}

const DEFAULT_SAMPLE = 1_000;
const MAX_SAMPLE = 20_000_000;
const DEFAULT_WAIT_SECONDS = 600;

export default defineCommand<Options, FilesResult | Rerun>({
  configure(command) {
    command
      .argument("[path...]", "files of a batch, a directory of them, or s3://bucket/folder/")
      .option(
        "--sample [orders]",
        `make up a batch (default: ${DEFAULT_SAMPLE} orders)`,
        whole(1, MAX_SAMPLE),
      )
      .option("--faults <share>", "share of the sample's rows with a fault, 0 to 1 (default: 0)", share)
      .option("--seed <n>", "seed of --sample (default: 1)", whole(0, Number.MAX_SAFE_INTEGER))
      .option("--no-sign-request", "read a public bucket without credentials")
      .option("--as-of <date>", "the figures' day, yyyy-mm-dd (default: the UTC day of the run)", day)
      .option("--force", "run though the warehouse has run today; without files: run the latest once more")
      .option(
        "--wait [seconds]",
        `wait until the run has ended (default: ${DEFAULT_WAIT_SECONDS})`,
        whole(0, 86_400),
      )
      .option("--dry-run", "check, and say what would be sent; send nothing")
      .addHelpText(
        "after",
        `
Examples:
  $ edp ingest warehouse --sample 10000 --wait                 a made-up batch, seeded
  $ edp ingest warehouse --sample 1000 --faults 0.01 --wait    some rows with a fault are rejected, and told of
  $ edp ingest warehouse data/ --as-of 2022-09-05 --wait
  $ edp ingest warehouse s3://public-bucket/orders_data/ --no-sign-request
  $ edp ingest warehouse --force --as-of 2022-09-05            the latest files once more

A batch is orders.csv, reviews.csv and shipment_deliveries.csv (or shipments_deliveries.csv, shipments.csv), with
dim_dates.csv, dim_products.csv, dim_customers.csv and dim_addresses.csv where you have them. It runs when all three
have come, once a UTC day unless forced. Then: edp query warehouse "select * from staging.rejects".
Exit 3: a file can't be loaded; 8: --wait found that the run failed, or rows are missing.`,
      );
  },
  options: parseOptions,
  async run(options, context) {
    const { loadDeployment } = await import("../../topology/load-deployment.ts");
    const deployment = await loadDeployment(context);
    if ("rerun" in options) return rerun(context, options.rerun.asOf);
    const { ingestWarehouse } = await import("../../ingest/warehouse/ingest.ts");
    return ingestWarehouse(context, { ...options, deployment });
  },
  exitCode(result) {
    if (!("run" in result)) return filesExitCode(result);
    return result.run.kind === "ran" ? EXIT.done : EXIT.checkFailed;
  },
  render(result, { terminal }) {
    if (!("run" in result)) return renderFiles(result, terminal);
    const { run } = result;
    if (run.kind === "waiting") terminal.warn(`Nothing was run: waiting for ${run.for.join(", ")}.`);
    if (run.kind !== "ran") return;
    const { runId, asOf, rows, rejected, seconds } = run.report;
    terminal.out(
      `${terminal.color.green("✔")} ${result.env}: run ${runId} succeeded as of ${asOf}: ${rows} rows, ${rejected} rejected, in ${seconds.toFixed(1)} s\n`,
    );
  },
});

async function rerun(context: Context, asOf: string | undefined): Promise<Rerun> {
  const [{ askDatabase }, { loadDeployment }] = await Promise.all([
    import("../../query/ask.ts"),
    import("../../topology/load-deployment.ts"),
  ]);
  const deployment = await loadDeployment(context);
  const request = { action: "run", force: true, asOf } as const;
  const { run } = await context.terminal.spin("Running the latest files once more", () =>
    askDatabase<{ run: RunOutcome }>(context, deployment, "warehouse", request),
  );
  return { env: context.env, pipeline: "warehouse", run };
}

function parseOptions(args: readonly string[], flags: Record<string, unknown>): Options {
  const asOf = flags.asOf as string | undefined;
  const sample = flags.sample !== undefined;
  if (!sample && args.length === 0 && flags.force === true) {
    if (flags.dryRun === true) throw new UsageError("--dry-run goes with files.");
    return { rerun: { asOf } };
  }
  if (sample === args.length > 0) {
    throw new UsageError(sample ? "--sample makes its files up: name none." : "Nothing to ingest.", {
      hint: "Give a directory, or --sample [orders]; try: npx edp ingest warehouse --sample 1000 --wait",
    });
  }
  if (!sample && (flags.faults !== undefined || flags.seed !== undefined)) {
    throw new UsageError("--faults and --seed only go with --sample.");
  }
  if (flags.dryRun === true && flags.wait !== undefined) {
    throw new UsageError("--wait goes with files that are sent, not with --dry-run.");
  }
  return {
    input: parseInput(args, flags),
    asOf,
    force: flags.force === true,
    dryRun: flags.dryRun === true,
    waitSeconds: flags.wait === true ? DEFAULT_WAIT_SECONDS : (flags.wait as number | undefined),
  };
}

function parseInput(args: readonly string[], flags: Record<string, unknown>): WarehouseRequest["input"] {
  const [first = ""] = args;
  const unsigned = flags.signRequest === false;
  if (args.some((one) => one.startsWith("s3://"))) {
    if (args.length > 1) throw new UsageError("Name one folder in S3, and nothing beside it.");
    return { kind: "s3", url: first, signed: !unsigned };
  }
  if (unsigned) throw new UsageError("--no-sign-request only goes with s3://bucket/folder/.");
  if (args.length > 0) return { kind: "paths", paths: args };
  return {
    kind: "sample",
    orders: flags.sample === true ? DEFAULT_SAMPLE : Number(flags.sample),
    faults: Number(flags.faults ?? 0),
    seed: Number(flags.seed ?? 1),
  };
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It must be a number from 0 to 1.");
}

function day(text: string): string {
  if (isDate(text)) return text;
  throw new InvalidArgumentError("It must be a day such as 2022-09-05.");
}
