import type { Client } from "pg";
import { FAULTS, PermanentFault } from "../../shared/faults.ts";
import type { ObjectEvent } from "../../shared/object-events.ts";
import { type Arrived, type Batch, batchSettings, latestBatch, waitingFor } from "./batch.ts";
import { isDate } from "./csv/field.ts";
import { DatabaseFault, databaseFault, sqlState } from "./database.ts";
import { DATASETS } from "./datasets.ts";
import { exportTables } from "./export.ts";
import type { Invocation } from "./invocation.ts";
import {
  beginRun,
  closeAbandoned,
  failRun,
  lastSuccess,
  noteDone,
  succeedRun,
  successOf,
  successWith,
} from "./ledger.ts";
import { lockWarehouse, migrate } from "./migrate.ts";
import { notify } from "./notify.ts";
import { type LoadReport, refill } from "./refill.ts";
import { putReport, type RunReport } from "./report.ts";
import { transform } from "./transform.ts";

/** Milliseconds of the function's time kept for telling how a run ended. */
export const CLOSING_MS = 20_000;
/** SQLSTATE unique_violation: another run has succeeded on this day. */
const UNIQUE_VIOLATION = "23505";

export interface RunRequest {
  /** The object that arrived; a run without one was asked for directly. */
  event?: ObjectEvent;
  /** Runs in spite of an earlier success of that day. */
  force: boolean;
  /** yyyy-mm-dd; by default what the uploads say, else the UTC day of the run. */
  asOf?: string;
  /** Whether what failed with this error will be tried again by itself: in this invocation, or by the queue. */
  comesAgain(error: unknown): "now" | "later" | "never";
}

/** `used`: an earlier run has dealt with the object that arrived. */
export type RunOutcome =
  | { kind: "ran"; report: RunReport }
  | { kind: "waiting"; for: string[] }
  | { kind: "used"; runId: string };

/**
 * Runs the warehouse when its batch is complete, once a UTC day, or whenever forced. Concurrent calls wait for each
 * other: the second finds what the first has done. Everything is changed in one transaction or not at all.
 * @throws PermanentFault ALREADY_RAN_TODAY, or what is wrong with a file; DatabaseFault and others that may pass
 */
export async function runWarehouse(request: RunRequest, run: Invocation): Promise<RunOutcome> {
  const statementMs = Math.max(run.remainingMs() - CLOSING_MS, 1_000);
  let begun = false;
  try {
    return await run.database.connected(statementMs, async (client) => {
      const planned = await plan(client, request, run);
      if ("kind" in planned) return planned;
      begun = true;
      return { kind: "ran", report: await execute(client, planned, run) };
    });
  } catch (error) {
    // A run that began has told of its end itself, as far as that is possible.
    const untold = !begun && request.event && !(error instanceof PermanentFault);
    if (untold && request.comesAgain(error) !== "now") await tellUnbegun(error, request, run);
    throw error;
  }
}

/** Finds what is to be run: nothing, where files are missing or have been used. The lock is held from here on. */
async function plan(client: Client, request: RunRequest, run: Invocation): Promise<Execution | RunOutcome> {
  await lockWarehouse(client);
  const migrated = await migrate(client);
  if (migrated.length > 0) run.log("INFO", "schemas brought up to date", { migrated });
  const abandoned = await closeAbandoned(client);
  if (abandoned.length > 0) run.log("WARN", "earlier runs were killed", { runs: abandoned });
  await completeLast(client, run);
  const arrived = request.event && { key: request.event.key, versionId: request.event.version };
  if (arrived) {
    const used = await successWith(client, arrived);
    if (used) return { kind: "used", runId: used.runId };
  }
  const batch = await latestBatch(run.s3, run.environment.inbox, run.signal);
  const waiting = await missingFiles(client, batch, arrived);
  if (waiting.length > 0) return { kind: "waiting", for: waiting };
  const settings = arrived ? batchSettings(batch, arrived) : { asOf: undefined, force: false };
  const forced = request.force || settings.force;
  const started = run.now();
  const runDate = dayOf(started);
  if (!forced) await refuseSecond(client, runDate);
  const asOf = request.asOf ?? settings.asOf ?? runDate;
  if (!isDate(asOf)) throw new PermanentFault("BAD_AS_OF", `${asOf} is no day (yyyy-mm-dd).`, "asOf");
  return { batch, forced, asOf, started, comesAgain: request.comesAgain };
}

/** UTC day of a time in milliseconds: yyyy-mm-dd. */
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Files that a run has to wait for: after an event those that are no news, else only those that are not there. */
async function missingFiles(client: Client, batch: Batch, arrived?: Arrived): Promise<string[]> {
  if (arrived) return waitingFor(batch, (await lastSuccess(client))?.files ?? [], arrived);
  return DATASETS.flatMap(({ name, needed, files }) => (needed && !batch.has(name) ? [files[0]] : []));
}

async function refuseSecond(client: Client, runDate: string): Promise<void> {
  const earlier = await successOf(client, runDate);
  if (earlier) throw alreadyRan(runDate, earlier.runId);
}

function alreadyRan(runDate: string, runId: string): PermanentFault {
  return new PermanentFault(
    "ALREADY_RAN_TODAY",
    `The warehouse has run on ${runDate} (UTC) already: ${runId}. The batch is complete and waits: replay this message ` +
      "tomorrow, or run it now with edp ingest warehouse --force.",
  );
}

/** What is to be run. */
interface Execution extends Pick<RunRequest, "comesAgain"> {
  batch: Batch;
  forced: boolean;
  asOf: string;
  /** Milliseconds since the epoch. */
  started: number;
}

async function execute(client: Client, execution: Execution, run: Invocation): Promise<RunReport> {
  const { batch, asOf, forced, started } = execution;
  const found: LoadReport = { files: [], current: undefined, rejects: [], warnings: [] };
  const report = reporter(execution, found, run);
  const { runId, startedAt } = report;
  const runDate = dayOf(started);
  run.log("INFO", "run begins", { runId, asOf, forced });
  await beginRun(client, { runId, runDate, asOf, forced, requestId: run.requestId, startedAt });
  try {
    await client.query("begin");
    await refill(client, batch, asOf, runId, run, found);
    await transform(client, asOf);
    const done = report.succeeded();
    await succeedRun(client, done, usedFiles(batch));
    await client.query("commit");
    run.log("INFO", "run succeeded", {
      runId,
      rows: done.rows,
      rejected: done.rejected,
      seconds: done.seconds,
    });
    return await complete(client, done, run);
  } catch (error) {
    const cause = sqlState(error) === UNIQUE_VIOLATION ? alreadyRan(runDate, "by another function") : error;
    if (await isCommitted(client, runId)) throw cause;
    const retried = execution.comesAgain(cause) !== "never";
    await fail(client, report.failed(reasonOf(cause, run.database.place), retried), run);
    throw cause;
  }
}

/** Makes the reports of one run. */
function reporter({ batch, forced, asOf, started }: Execution, found: LoadReport, run: Invocation) {
  const startedAt = new Date(started).toISOString();
  const runId = `${startedAt.replace(/\.\d+/, "").replaceAll(/[-:]/g, "")}-${run.nonce()}`;
  const inputs = DATASETS.flatMap(({ name }) => batch.get(name) ?? []).map(
    ({ metadata: _, ...version }) => version,
  );
  const make = (ending: Pick<RunReport, "status" | "reason" | "retried">): RunReport => {
    const finished = run.now();
    const succeeded = ending.status === "succeeded";
    const count = (key: "rows" | "processed" | "rejected") =>
      found.files.reduce((sum, file) => sum + file[key], 0);
    return {
      runId,
      pipeline: "warehouse",
      ...ending,
      forced,
      asOf,
      requestId: run.requestId,
      started: startedAt,
      finished: new Date(finished).toISOString(),
      seconds: (finished - started) / 1000,
      files: succeeded ? found.files : refusedFiles(inputs, found, ending),
      inputs,
      rows: count("rows"),
      processed: succeeded ? count("processed") : 0,
      rejected: succeeded ? count("rejected") : found.rejects.length,
      rejects: found.rejects,
      warnings: found.warnings,
      exports: [],
    };
  };
  return {
    runId,
    startedAt,
    succeeded: () => make({ status: "succeeded", reason: null, retried: false }),
    failed: (reason: RunReport["reason"], retried: boolean) => make({ status: "failed", reason, retried }),
  };
}

/** A run that failed for good by a file of its own: that one is refused, the others wait for its correction. */
function refusedFiles(
  inputs: RunReport["inputs"],
  { current }: LoadReport,
  { reason, retried }: Pick<RunReport, "reason" | "retried">,
): RunReport["files"] {
  if (!current || !reason || retried || !(reason.errorCode in FAULTS)) return [];
  return inputs.map(({ bucket, key, versionId }) => ({
    bucket,
    key,
    versionId,
    rows: 0,
    processed: 0,
    rejected: 0,
    refused: key === current.key ? `${reason.errorCode}: ${reason.message}` : null,
  }));
}

/** Reports an attempt that came to no run, since the database was not there; by mail only where none follows. */
async function tellUnbegun(error: unknown, request: RunRequest, run: Invocation): Promise<void> {
  const started = run.now();
  const asOf = request.asOf ?? dayOf(started);
  const { force: forced, comesAgain } = request;
  const execution = { batch: new Map(), forced, asOf, started, comesAgain };
  const report = reporter(execution, { files: [], current: undefined, rejects: [], warnings: [] }, run);
  await fail(
    undefined,
    report.failed(reasonOf(error, run.database.place), comesAgain(error) !== "never"),
    run,
  );
}

function usedFiles(batch: Batch) {
  return [...batch.values()].map(({ dataset, key, versionId, lastModified }) => ({
    dataset,
    key,
    versionId,
    lastModified,
  }));
}

/** Whether the figures were kept although something failed after them; the next delivery completes the rest. */
async function isCommitted(client: Client, runId: string): Promise<boolean> {
  try {
    await client.query("rollback");
    const last = await lastSuccess(client);
    return last?.runId === runId;
  } catch {
    // The connection is gone, and an open transaction with it.
    return false;
  }
}

/** Exports, reports and tells of a run whose figures are kept. Each step is done again until it is noted. */
async function complete(client: Client, report: RunReport, run: Invocation): Promise<RunReport> {
  const { environment, s3, signal } = run;
  const exports = await exportTables(
    client,
    s3,
    { bucket: environment.exports, project: environment.project, asOf: report.asOf },
    signal,
  );
  const whole = { ...report, exports };
  await putReport(s3, environment.exports, whole, run.logged, signal);
  await noteDone(client, report.runId, "exported_at");
  await tell(whole, run);
  await noteDone(client, report.runId, "notified_at");
  return whole;
}

/** A function that died between its commit and its last step left the exports or the mail to the next one. */
async function completeLast(client: Client, run: Invocation): Promise<void> {
  const last = await lastSuccess(client);
  if (!last?.report || (last.exported && last.notified)) return;
  run.log("WARN", "completing a run whose function ended before it had told of it", { runId: last.runId });
  await complete(client, last.report, run);
}

/** Tells of a run that failed. What can't be told must not hide why it failed. */
async function fail(client: Client | undefined, report: RunReport, run: Invocation): Promise<void> {
  const { environment, s3, signal } = run;
  const { runId, reason, retried } = report;
  run.log(retried ? "WARN" : "ERROR", `run failed: ${reason?.message}`, {
    runId,
    errorCode: reason?.errorCode,
  });
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      run.log("WARN", `${what}: ${(error as Error).message}`, { runId });
    }
  };
  if (client) await attempt("the ledger could not be told", () => failRun(client, report));
  await attempt("the report could not be written", () =>
    putReport(s3, environment.exports, report, run.logged, signal),
  );
  // What is tried again by itself has not failed yet.
  if (!retried) await attempt("the mail could not be sent", () => tell(report, run));
}

function tell(report: RunReport, run: Invocation): Promise<void> {
  const { environment, sns, logGroup, signal } = run;
  return notify(sns, environment.topicArn, report, { exports: environment.exports, logGroup }, signal);
}

function reasonOf(error: unknown, place: string): NonNullable<RunReport["reason"]> {
  if (error instanceof PermanentFault) return error.fault;
  const fault = databaseFault(error, place);
  if (fault instanceof DatabaseFault) return { errorCode: fault.code, path: "", message: fault.message };
  return {
    errorCode: "TRANSIENT",
    path: "",
    message: fault instanceof Error ? fault.message : String(fault),
  };
}
