import { defineCommand } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import type { ManifestKind } from "../ingest/manifest.ts";
import type { ObjectReport, ReconcileResult, RunFacts, RunRecords, RunReport } from "../reconcile/report.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface Options {
  runId: string | undefined;
  all: boolean;
}

/** Records shown to people; `--json` has them all. */
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

function sum({ accepted, processed, rejected, deadLettered, missing }: ReconcileResult | RunFacts): string {
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
    const { output } = SHOWN_AS[run.kind];
    terminal.out(color.dim(`  in ${run.outputs} ${output}${run.outputs === 1 ? "" : "s"}\n`));
  }
  const rows = openRows<ManifestKind>(run);
  if (rows.length > 0) {
    const named = run.kind.replace(/s$/, "");
    const shown = table(terminal, ["state", named, "where", "why"], rows.slice(0, SHOWN));
    terminal.out(`${shown.replace(/^/gm, "  ").trimEnd()}\n`);
    if (rows.length > SHOWN) terminal.out(`  ... and ${rows.length - SHOWN} more (--json lists all)\n`);
  }
  for (const note of run.notes) terminal.warn(`  ${note}`);
}

/** State, name, where it is and why. */
type Row = [state: string, name: string, where: string | null, why: string | null];

/** How a kind of run is shown: what holds its processed records, and the others as rows. */
interface ShownAs<Kind extends ManifestKind> {
  output: string;
  rows(records: RunRecords[Kind]): Row[];
}

const SHOWN_AS: { [Kind in ManifestKind]: ShownAs<Kind> } = {
  files: {
    output: "run report",
    rows: (records) =>
      records.flatMap(({ key, report, why: reason, ...counts }) =>
        (["missing", "deadLettered", "rejected"] as const)
          .filter((state) => counts[state] > 0)
          .map((state): Row => [state, `${key}, ${counts[state]} rows`, report, reason]),
      ),
  },
  objects: {
    output: "Parquet file",
    rows: (records) =>
      records.filter(({ state }) => state !== "processed").map((one) => [one.state, one.key, ...why(one)]),
  },
  events: {
    output: "object",
    rows: (records) =>
      records.flatMap((one): Row[] => {
        if (one.state === "processed") return [];
        if (one.state === "missing") return [[one.state, one.eventId, null, "in no object of the lake"]];
        return [
          [one.state, one.eventId, one.output, [one.errorCode, one.message].filter(Boolean).join(": ")],
        ];
      }),
  },
};

/** What asks for somebody comes first. */
const ORDER = ["missing", "deadLettered", "rejected"];

function openRows<Kind extends ManifestKind>(run: RunReport & { kind: Kind }): Row[] {
  const shown: ShownAs<Kind> = SHOWN_AS[run.kind];
  const rows = shown.rows((run as unknown as RunRecords)[run.kind]);
  return rows.sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b));
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
