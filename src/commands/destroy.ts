import { existsSync } from "node:fs";
import {
  countLoss,
  type DataLoss,
  deployedData,
  describeLoss,
  holdsData,
  type LossSum,
  sumLoss,
} from "../aws/loss.ts";
import { defineCommand } from "../command.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import { EXIT } from "../errors.ts";
import { localPaths } from "../local/state.ts";
import { PIPELINES_DIRECTORY } from "../package-root.ts";
import { confirmTyped } from "../terminal/confirm.ts";
import type { AwsDestroyResult } from "../terraform/destroy.ts";
import { renderAwsDestroy } from "../terraform/report.ts";
import { loadPipelines } from "../topology/load.ts";
import { selectPipelines } from "../topology/select.ts";

interface Options {
  pipelines: string[];
}

/** `terraform -parallelism`: most of a destroy is waiting for queues. */
const PARALLELISM = 40;

type Result = LocalResult | AwsResult;

interface AwsResult extends AwsDestroyResult {
  seconds: number;
}

interface LocalResult {
  env: string;
  /** Pipelines that are gone. */
  destroyed: string[];
  /** What was lost with them. */
  lost: Loss;
  /** The data directory that was deleted with them; null where others still need it, or none was there. */
  deleted: string | null;
  /** Whether the local engine itself was stopped. */
  stopped: boolean;
  seconds: number;
}

/** Counts of what is deleted; null where the engine is not running and cannot say. */
type Loss = { [what in Exclude<keyof LossSum, "uncounted">]: number | null } & Pick<LossSum, "uncounted">;

export default defineCommand<Options, Result>({
  configure(command) {
    command.argument("[pipeline...]", "pipelines to destroy (default: the whole environment)").addHelpText(
      "after",
      `
Examples:
  $ edp destroy                 says what would be lost, asks, stops the engine, deletes its data
  $ edp destroy spotify --yes   only this pipeline, without asking
  $ edp destroy --env prod      on AWS: empties the buckets, destroys, checks that nothing is left

Run manifests under .edp/<env>/runs/ are kept.`,
    );
  },
  options: (args) => ({ pipelines: [...args] }),
  run: (options, context) =>
    context.env === LOCAL_ENV ? runLocal(options, context) : runAws(options, context),
  exitCode: (result) => ("leftovers" in result && result.leftovers.length > 0 ? EXIT.partlyDone : EXIT.done),
  render(result, { terminal }) {
    if ("leftovers" in result) return renderAwsDestroy(result, terminal);
    const { color } = terminal;
    if (result.destroyed.length === 0 && !result.stopped) {
      // Without its engine nobody knows what the data held.
      const stored = result.deleted ? `; what it had stored under ${result.deleted} is deleted` : "";
      terminal.out(`Nothing of ${result.env} was running${stored}.\n`);
      return;
    }
    const { objects, messages, items } = result.lost;
    const parts = [`${objects} objects`, ...(items ? [`${items} items`] : [])];
    const data = `${parts.join(", ")} and ${messages} messages deleted`;
    const engine = result.stopped ? ", engine stopped" : "";
    terminal.out(
      `${color.green("✔")} ${result.env}: ${result.destroyed.join(", ") || "engine"} destroyed (${data}${engine}) in ${result.seconds.toFixed(1)} s\n`,
    );
  },
});

async function runLocal(options: Options, context: Context): Promise<LocalResult> {
  const started = context.now();
  selectPipelines(await loadPipelines([PIPELINES_DIRECTORY]), options.pipelines);
  const { destroyLocal } = await import("../local/deploy.ts");
  const { data } = localPaths(context.directory);
  const stored = existsSync(data);
  const losses = await countLosses(options, context);
  if (losses ? holdsData(losses) : stored) {
    const what = losses
      ? `${context.env} will lose ${describeLoss(losses)}.`
      : `The engine is not running; all it has stored under ${data} will be deleted.`;
    await confirmTyped(context, what, context.env);
  }
  const { removed, stopped } = await destroyLocal(context, options.pipelines);
  return {
    env: context.env,
    destroyed: removed,
    lost: losses ? sumLoss(losses) : unknownLoss(stored),
    deleted: stored && !existsSync(data) ? data : null,
    stopped,
    seconds: (context.now() - started) / 1000,
  };
}

/** What the engine holds; null where it is not running. */
async function countLosses(options: Options, context: Context): Promise<DataLoss[] | null> {
  const { findEngine, localDeployment } = await import("../local/control.ts");
  if (!(await findEngine(context.directory))) return null;
  const { createClients } = await import("../aws/clients.ts");
  const deployment = await localDeployment(context.directory);
  const clients = createClients(deployment, context);
  try {
    return await countLoss(clients, deployedData(deployment, options.pipelines));
  } finally {
    clients.close();
  }
}

function unknownLoss(stored: boolean): Loss {
  const count = stored ? null : 0;
  return { objects: count, versions: count, messages: count, items: count, uncounted: [] };
}

async function runAws({ pipelines: names }: Options, context: Context): Promise<AwsResult> {
  const started = context.now();
  const { destroyAws, removeEmptyDirectory } = await import("../terraform/destroy.ts");
  const known = await loadPipelines([PIPELINES_DIRECTORY]);
  const result = await destroyAws(context, { known, names, parallelism: PARALLELISM });
  await removeEmptyDirectory(context);
  return { ...result, seconds: (context.now() - started) / 1000 };
}
