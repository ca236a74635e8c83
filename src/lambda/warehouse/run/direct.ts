import { PermanentFault } from "../../shared/faults.ts";
import { DatabaseFault } from "./database.ts";
import type { Invocation } from "./invocation.ts";
import { type LedgerRun, latestRuns } from "./ledger.ts";
import { lockWarehouse, migrate } from "./migrate.ts";
import { type QueryResult, query } from "./query.ts";
import { type RunOutcome, runWarehouse } from "./run.ts";

const DEFAULT_RUNS = 10;
const MAX_RUNS = 100;

/** What the function does when it is invoked directly (lambda:InvokeFunction), instead of by its queue. */
export type DirectRequest =
  | { action: "query"; sql: string; timeoutSeconds?: number }
  | { action: "runs"; limit?: number }
  | { action: "migrate" }
  | { action: "run"; force?: boolean; asOf?: string };

/** The answer; a fault is an answer, too, so that the caller need not read a stack. */
export type DirectAnswer =
  | { query: QueryResult }
  | { runs: LedgerRun[] }
  | { migrated: string[] }
  | { run: RunOutcome }
  | { error: { code: string; path: string; message: string } };

/** Whether an event is a direct request: those of a queue have Records. */
export function isDirect(event: unknown): event is DirectRequest {
  return typeof event === "object" && event !== null && "action" in event;
}

export async function answer(request: DirectRequest, run: Invocation): Promise<DirectAnswer> {
  try {
    return await perform(request, run);
  } catch (error) {
    if (error instanceof PermanentFault) {
      const { errorCode, path, message } = error.fault;
      return { error: { code: errorCode, path, message } };
    }
    if (error instanceof DatabaseFault)
      return { error: { code: error.code, path: "", message: error.message } };
    throw error;
  }
}

async function perform(request: DirectRequest, run: Invocation): Promise<DirectAnswer> {
  const timeoutMs = Math.max(run.remainingMs() - 1_000, 1_000);
  switch (request.action) {
    case "query":
      return { query: await query(request, run) };
    case "runs":
      return run.database.connected(timeoutMs, async (client) => {
        await lockWarehouse(client);
        await migrate(client);
        return { runs: await latestRuns(client, Math.min(request.limit ?? DEFAULT_RUNS, MAX_RUNS)) };
      });
    case "migrate":
      return run.database.connected(timeoutMs, async (client) => {
        await lockWarehouse(client);
        return { migrated: await migrate(client) };
      });
    case "run": {
      const { force = false, asOf } = request;
      return { run: await runWarehouse({ force, asOf, comesAgain: () => "never" }, run) };
    }
    default:
      throw new PermanentFault(
        "UNKNOWN_ACTION",
        `There is no action ${JSON.stringify((request as { action: unknown }).action)}: query, runs, migrate or run.`,
      );
  }
}
