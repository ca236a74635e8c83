import { defineCommand } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import type { ObjectReport, ReconcileResult, RunReport } from "../reconcile/report.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface Options {
  runId: string | undefined;
  all: boolean;
}

/** Objects shown to people; `--json` has them all. */
const SHOWN = 20;

export default defineCommand<Options, ReconcileResult>({
  configure(command) {
    command
      .argument("[runId]", "run to reconcile, or the beginning of its id (default: the newest)")
      .option("--all", "every run of the environment that this directory knows of")
      .addHelpText(
        "after",
        `
Examples:
  $ edp reconcile                          the newest run: where is each of its objects?
  $ edp reconcile 20261121T031502Z-4f2a1c  that run; the beginning of its id is enough
  $ edp reconcile --all
  $ edp reconcile --json | jq -r '.runs[].objects[] | select(.state == "missing") | .key'

Every object of the run's manifest is processed (an output's footer or its claim names it), rejected (with the
reason), dead-lettered (where and why) or missing. Only durable facts count: manifest, Parquet footers, claims and
queues; no logs. Nothing is consumed or changed. Exit 8 when an object is missing.`,
      );
  },
  options(args, flags) {
    const all = flags.all === true;
    if (all && args[0] !== undefined) throw new UsageError("Name a run, or give --all, not both.");
    return { runId: args[0], all };
  },
  async run(options, context) {
    const [{ findRun, listRuns }, { reconcileRuns }, { loadDeployment }, { createClients }] =
      await Promise.all([
        import("../reconcile/runs.ts"),
        import("../reconcile/reconcile-runs.ts"),
        import("../topology/load-deployment.ts"),
        import("../aws/clients.ts"),
      ]);
    const newest = await findRun(context.directory, context.env, options.runId);
    const runIds = options.all ? await listRuns(context.directory, context.env) : [newest];
    const deployment = await loadDeployment(context);
    const clients = createClients(deployment, context);
    try {
      return await reconcileRuns(context, runIds, { deployment, clients, skipForeign: options.all });
    } finally {
      clients.close();
    }
  },
  exitCode: ({ missing }) => (missing > 0 ? EXIT.checkFailed : EXIT.done),
  render(result, { terminal }) {
    for (const run of result.runs) renderRun(run, terminal);
    for (const { runId, reason } of result.skipped) terminal.warn(`- ${runId}: ${reason}`);
    if (result.runs.length > 1) {
      terminal.out(`${result.runs.length} runs in ${result.env}: ${sum(result)}\n`);
    }
  },
});

function sum({ accepted, processed, rejected, deadLettered, missing }: ReconcileResult | RunReport): string {
  return (
    `${accepted} accepted = ${processed} processed + ${rejected} rejected + ` +
    `${deadLettered} dead-lettered + ${missing} missing`
  );
}

function renderRun(run: RunReport, terminal: Terminal): void {
  const { color } = terminal;
  const mark = run.missing > 0 ? color.red("✖") : color.green("✔");
  terminal.out(`${mark} ${color.bold(run.runId)} ${run.pipeline}: ${sum(run)}\n`);
  if (run.processed > 0) {
    terminal.out(color.dim(`  in ${run.outputs} Parquet ${run.outputs === 1 ? "file" : "files"}\n`));
  }
  const open = run.objects.filter(({ state }) => state !== "processed").sort(byState);
  if (open.length > 0) {
    const rows = open.slice(0, SHOWN).map((one) => [one.state, one.key, ...why(one)]);
    terminal.out(
      `${table(terminal, ["state", "object", "where", "why"], rows).replace(/^/gm, "  ").trimEnd()}\n`,
    );
    if (open.length > SHOWN) terminal.out(`  ... and ${open.length - SHOWN} more (--json lists all)\n`);
  }
  for (const note of run.notes) terminal.warn(`  ${note}`);
}

/** What asks for somebody comes first. */
const ORDER = ["missing", "deadLettered", "rejected", "processed"];

function byState(a: ObjectReport, b: ObjectReport): number {
  return ORDER.indexOf(a.state) - ORDER.indexOf(b.state);
}

function why(one: ObjectReport): [string | null, string | null] {
  if (one.state === "missing") {
    const where = one.landed === null ? null : one.landed ? "still in the bucket" : "gone from the bucket";
    return [where, "no output, claim or dead letter"];
  }
  if (one.state === "processed") return [one.output, null];
  const cause = `${one.errorCode ?? "no cause given"}${one.path ? ` at ${one.path}` : ""}`;
  if (one.state === "rejected") return [one.supersededBy ? `replaced by ${one.supersededBy}` : null, cause];
  return [one.queue.slice(one.queue.lastIndexOf("/") + 1), cause];
}
