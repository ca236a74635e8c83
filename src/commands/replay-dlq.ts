import { InvalidArgumentError } from "commander";
import { defineCommand } from "../command.ts";
import { UsageError } from "../errors.ts";
import { REPLAY_DEFAULTS, type ReplayOptions } from "../replay/options.ts";
import { renderReplay } from "../replay/render.ts";
import { replayExitCode } from "../replay/result.ts";
import type { ReplayResult } from "../replay/types.ts";

/** MaxNumberOfMessagesPerSecond of StartMessageMoveTask. */
const MAX_NATIVE_RATE = 500;

export default defineCommand<ReplayOptions, ReplayResult>({
  configure(command) {
    command
      .argument("[pipeline...]", "pipelines whose dead letters are replayed (default: all that are deployed)")
      .option("--queue <url>", "this dead-letter queue, deployed by edp or not; needs no environment")
      .option("--to <url>", "with --queue or --import: the queue that everything goes to")
      .option("--dry-run", "show causes, destinations and edits; send nothing")
      .option(
        "--where <jmespath>",
        "only letters that this selects, e.g. \"cause.errorCode == 'SCHEMA_MISMATCH'\"",
      )
      .option("--older <age>", "only letters sent before that: 2h, 3d, or a time")
      .option("--newer <age>", "only letters sent since then")
      .option("--max <n>", "at most so many", integer(1, Number.MAX_SAFE_INTEGER))
      .option("--rate <n/s>", "at most so many a second", rate)
      .option(
        "--edit <file>",
        "an ES module (letter) => ({body, payload, attributes}) or null, or a JSON Patch",
      )
      .option("--export <file>", "write whole messages as JSON lines, leave them where they are")
      .option("--import <file>", "send the messages of such a file")
      .option("--try-local", "run each letter through the function as built now; replay what passes")
      .option("--no-verify", "don't wait until the replayed messages are processed or dead again")
      .option(
        "--max-failures <percent>",
        `stop when more die again (default: ${REPLAY_DEFAULTS.maxFailures})`,
        integer(0, 100),
      )
      .option(
        "--max-replays <n>",
        `refuse letters replayed so often (default: ${REPLAY_DEFAULTS.maxReplays})`,
        integer(1, 1_000),
      )
      .option(
        "--timeout <seconds>",
        `longest wait for the last ones (default: ${REPLAY_DEFAULTS.timeoutSeconds})`,
        integer(1, 86_400),
      )
      .option("--native", "let SQS move them (StartMessageMoveTask): whole queues, as they are")
      .addHelpText(
        "after",
        `
Examples:
  $ edp replay-dlq --dry-run                   what would go where, by cause
  $ edp replay-dlq spotify --try-local         replay what the function as built now can read
  $ edp replay-dlq --where "cause.errorCode == 'OBJECT_NOT_FOUND'" --max 10
  $ edp replay-dlq --edit fix.mjs --rate 50/s  change each message on its way; shows the difference first
  $ edp replay-dlq --queue https://sqs.eu-west-1.amazonaws.com/123456789012/orders-dlq
  $ edp replay-dlq --export letters.ndjson     then: edp replay-dlq --import letters.ndjson

Each letter goes back where it came from: the source queue, the subscriber, the rule's target or the function. It is
sent before it is deleted; after a crash or Ctrl-C nothing is lost, and the same command goes on. Body and attributes
stay as they are, but for edp-cause; edp-replay-count is added.
--try-local proves a fix before it is deployed, but the replay goes to the functions that are deployed: deploy it first.
Exit 6: some were not replayed; 8: some died again.`,
      );
  },
  options: (args, flags) => parseOptions(args, flags),
  async run(options, context) {
    const { replay } = await import("../replay/replay.ts");
    return replay(options, context);
  },
  exitCode: replayExitCode,
  render: (result, { terminal }) => renderReplay(result, terminal),
});

function parseOptions(args: readonly string[], flags: Record<string, unknown>): ReplayOptions {
  const text = (name: string) => (typeof flags[name] === "string" ? flags[name] : undefined);
  const number = (name: string) => (typeof flags[name] === "number" ? flags[name] : undefined);
  const native = flags.native === true;
  const options: ReplayOptions = {
    pipelines: [...args],
    queue: text("queue"),
    to: text("to"),
    dryRun: flags.dryRun === true,
    max: number("max"),
    rate: number("rate"),
    where: text("where"),
    older: text("older"),
    newer: text("newer"),
    edit: text("edit"),
    exportFile: text("export"),
    importFile: text("import"),
    native,
    tryLocal: flags.tryLocal === true,
    verify: flags.verify !== false && !native,
    maxFailures: number("maxFailures") ?? REPLAY_DEFAULTS.maxFailures,
    maxReplays: number("maxReplays") ?? REPLAY_DEFAULTS.maxReplays,
    timeoutSeconds: number("timeout") ?? REPLAY_DEFAULTS.timeoutSeconds,
  };
  checkTogether(options);
  return options;
}

/** @throws UsageError naming flags that exclude each other */
function checkTogether(options: ReplayOptions): void {
  const { pipelines, queue, to, exportFile, importFile, native, rate } = options;
  if (queue !== undefined && pipelines.length > 0) {
    throw new UsageError("Pipelines and --queue exclude each other.", { hint: "Give one or the other." });
  }
  if (to !== undefined && queue === undefined && importFile === undefined) {
    throw new UsageError("--to only goes with --queue or --import.", {
      hint: "A pipeline's dead letters go back where they came from.",
    });
  }
  const given = (names: readonly (keyof ReplayOptions)[]) =>
    names
      .filter((name) => options[name] !== undefined && options[name] !== false)
      .map((name) => FLAGS[name] ?? name);
  const excluded = (flag: string, names: readonly (keyof ReplayOptions)[]) => {
    const both = given(names);
    if (both.length === 0) return;
    throw new UsageError(`${flag} does not go with ${both.join(", ")}.`, {
      hint: `Leave ${both.join(", ")} or ${flag} away.`,
    });
  };
  if (native) {
    excluded("--native", [
      "where",
      "older",
      "newer",
      "edit",
      "max",
      "exportFile",
      "importFile",
      "tryLocal",
      "dryRun",
    ]);
    if (rate !== undefined && (rate > MAX_NATIVE_RATE || !Number.isInteger(rate))) {
      throw new UsageError(
        `--rate is a whole number up to ${MAX_NATIVE_RATE} with --native, which is what SQS takes.`,
      );
    }
  }
  if (exportFile !== undefined)
    excluded("--export", ["importFile", "edit", "to", "rate", "dryRun", "tryLocal"]);
  if (importFile !== undefined) excluded("--import", ["queue"]);
  // Else it would count as replayed what no trial has passed.
  if (options.dryRun) excluded("--dry-run", ["tryLocal"]);
}

const FLAGS: Partial<Record<keyof ReplayOptions, string>> = {
  where: "--where",
  older: "--older",
  newer: "--newer",
  edit: "--edit",
  max: "--max",
  rate: "--rate",
  to: "--to",
  queue: "--queue",
  exportFile: "--export",
  importFile: "--import",
  tryLocal: "--try-local",
  dryRun: "--dry-run",
};

function rate(text: string): number {
  const [, amount] = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text) ?? [];
  if (amount === undefined || Number(amount) <= 0) {
    throw new InvalidArgumentError("It must be messages a second, e.g. 50/s.");
  }
  return Number(amount);
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
      throw new InvalidArgumentError(`It must be a whole number ${range}.`);
    }
    return value;
  };
}
