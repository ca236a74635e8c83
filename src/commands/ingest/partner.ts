import { type Command, InvalidArgumentError } from "commander";
import { defineCommand } from "../../command.ts";
import { UsageError } from "../../errors.ts";
import { type FilesResult, filesExitCode, renderFiles } from "../../ingest/files/result.ts";
import type { PartnerRequest } from "../../ingest/partner/ingest.ts";
import { isDay } from "../../lambda/partner/process/day-file.ts";

type Options = Omit<PartnerRequest, "deployment">;

const DEFAULT_SAMPLE = 100;
const MAX_SAMPLE = 2_000_000;
const MAX_ROWS = 100_000_000;
/** Items of a sample for each customer, where `--rows` says nothing. */
const ROWS_PER_CUSTOMER = 10;
const DEFAULT_WAIT_SECONDS = 300;
const DEFAULT_PREFIX = "incoming/";

export default defineCommand<Options, FilesResult>({
  configure(command) {
    addSampleFlags(command.argument("[path...]", "files of days, or directories of them"))
      .option("--day <YYYYMMDD>", "only this day's files; with --sample, the day that is made up", parseDay)
      .option("--prefix <folders>", `folders before the files' names (default: ${DEFAULT_PREFIX})`)
      .option("--no-check", "send files as they are, whatever is wrong with header, encoding or delimiter")
      .option("--force", "send a file again that is there unchanged: the day runs once more")
      .option(
        "--wait [seconds]",
        `wait until every row is accounted for (default: ${DEFAULT_WAIT_SECONDS})`,
        number(0, 86_400, true),
      )
      .option("--dry-run", "check, and say what would be sent; send nothing")
      .addHelpText(
        "after",
        `
Examples:
  $ edp ingest partner --sample 1000 --wait                 a made-up day, seeded
  $ edp ingest partner --sample 50 --faults 0.1 --wait      a tenth of its rows with a fault
  $ edp ingest partner drop/ --wait                         every day's files of a directory
  $ edp ingest partner drop/*_20220130.csv --prefix incoming/2022/

A day is customers_YYYYMMDD.csv, orders_YYYYMMDD.csv and items_YYYYMMDD.csv; it runs when the last of them has come,
and again when one is corrected. All counts are rows. Rows with a fault are rejected: each gives an error message,
see edp tail partner --messages. Exit 3: nothing can be sent; 6: some files could not; 8: --wait found rows missing.`,
      );
  },
  options: parseOptions,
  async run(options, context) {
    const [{ ingestPartner }, { loadDeployment }] = await Promise.all([
      import("../../ingest/partner/ingest.ts"),
      import("../../topology/load-deployment.ts"),
    ]);
    return ingestPartner(context, { ...options, deployment: await loadDeployment(context) });
  },
  exitCode: filesExitCode,
  render: (result, { terminal }) => renderFiles(result, terminal),
});

function addSampleFlags(command: Command): Command {
  return command
    .option(
      "--sample [customers]",
      `make up a day with so many customers (default: ${DEFAULT_SAMPLE})`,
      number(1, MAX_SAMPLE, true),
    )
    .option(
      "--rows <n>",
      `items of the sample (default: ${ROWS_PER_CUSTOMER} a customer)`,
      number(0, MAX_ROWS, true),
    )
    .option(
      "--faults <share>",
      "share of the sample's rows with a fault, 0 to 1 (default: 0)",
      number(0, 1, false),
    )
    .option("--seed <n>", "seed of --sample (default: 1)", number(0, Number.MAX_SAFE_INTEGER, true));
}

function parseOptions(args: readonly string[], flags: Record<string, unknown>): Options {
  const sample = flags.sample !== undefined;
  if (sample === args.length > 0) {
    throw new UsageError(sample ? "--sample makes its files up: name none." : "Nothing to ingest.", {
      hint: "Give files or directories, or --sample [customers]; try: npx edp ingest partner --sample 100 --wait",
    });
  }
  const ofSample = ["rows", "faults", "seed"].filter((flag) => flags[flag] !== undefined);
  if (!sample && ofSample.length > 0)
    throw new UsageError(`--${ofSample.join(" and --")} only goes with --sample.`);
  if (flags.dryRun === true && flags.wait !== undefined) {
    throw new UsageError("--wait goes with files that are sent, not with --dry-run.");
  }
  const customers = flags.sample === true ? DEFAULT_SAMPLE : Number(flags.sample);
  return {
    input: sample
      ? {
          kind: "sample",
          customers,
          rows: Number(flags.rows ?? customers * ROWS_PER_CUSTOMER),
          faults: Number(flags.faults ?? 0),
          seed: Number(flags.seed ?? 1),
        }
      : { kind: "paths", paths: args },
    day: flags.day as string | undefined,
    prefix: parsePrefix(flags.prefix),
    check: flags.check !== false,
    force: flags.force === true,
    dryRun: flags.dryRun === true,
    waitSeconds: flags.wait === true ? DEFAULT_WAIT_SECONDS : (flags.wait as number | undefined),
  };
}

function parsePrefix(value: unknown): string {
  if (value === undefined) return DEFAULT_PREFIX;
  const prefix = String(value);
  if (prefix.startsWith("/")) throw new UsageError("--prefix begins without a slash: keys of S3 do.");
  return prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
}

function parseDay(text: string): string {
  const day = text.replaceAll("-", "");
  if (!/^\d{8}$/.test(day)) throw new InvalidArgumentError("It must be a day such as 20220130.");
  if (!isDay(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`)) {
    throw new InvalidArgumentError("The calendar has no such day.");
  }
  return day;
}

function number(min: number, max: number, whole: boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (
      text.trim() === "" ||
      Number.isNaN(value) ||
      (whole && !Number.isInteger(value)) ||
      value < min ||
      value > max
    ) {
      throw new InvalidArgumentError(`It must be a ${whole ? "whole " : ""}number from ${min} to ${max}.`);
    }
    return value;
  };
}
