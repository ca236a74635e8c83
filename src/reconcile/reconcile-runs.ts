import type { Context } from "../context.ts";
import { EdpError } from "../errors.ts";
import { type ReconcileParts, reconcileRun } from "./reconcile.ts";
import type { ReconcileResult, RunReport } from "./report.ts";

/** Errors that are about one run, not about the environment. */
const OF_ONE_RUN = new Set([
  "NOTHING_TO_RECONCILE",
  "RUN_OF_ANOTHER_ENVIRONMENT",
  "RUN_GONE",
  "INVALID_INPUT",
]);

/**
 * Reconciles runs one after the other, and sums them up.
 * @param parts with `skipForeign`, a run that this environment can tell nothing of is listed as skipped
 * @throws what `reconcileRun` throws
 */
export async function reconcileRuns(
  context: Context,
  runIds: readonly string[],
  parts: ReconcileParts & { skipForeign: boolean },
): Promise<ReconcileResult> {
  const started = context.now();
  const runs: RunReport[] = [];
  const skipped: ReconcileResult["skipped"] = [];
  for (const runId of runIds) {
    try {
      runs.push(await reconcileRun(context, runId, parts));
    } catch (error) {
      if (!parts.skipForeign || !(error instanceof EdpError) || !OF_ONE_RUN.has(error.code)) throw error;
      skipped.push({ runId, reason: error.message });
    }
  }
  const total = (count: (run: RunReport) => number) => runs.reduce((sum, run) => sum + count(run), 0);
  return {
    env: context.env,
    accepted: total(({ accepted }) => accepted),
    processed: total(({ processed }) => processed),
    rejected: total(({ rejected }) => rejected),
    deadLettered: total(({ deadLettered }) => deadLettered),
    missing: total(({ missing }) => missing),
    seconds: (context.now() - started) / 1000,
    runs,
    skipped,
  };
}
