import type { Client } from "pg";
import type { UsedFile } from "./batch.ts";
import type { RunReport } from "./report.ts";

/** A run as the ledger knows it. */
export interface LedgerRun {
  runId: string;
  runDate: string;
  asOf: string;
  forced: boolean;
  status: "running" | "succeeded" | "failed";
  startedAt: string;
  finishedAt: string | null;
  reason: string | null;
  exported: boolean;
  notified: boolean;
  files: UsedFile[];
  report: RunReport | null;
}

const COLUMNS =
  `run_id as "runId", run_date as "runDate", as_of as "asOf", forced::text as forced, status, ` +
  `to_json(started_at) #>> '{}' as "startedAt", to_json(finished_at) #>> '{}' as "finishedAt", reason, ` +
  `(exported_at is not null)::text as exported, (notified_at is not null)::text as notified, files, report`;

type Row = Record<keyof LedgerRun, string | null>;

function toRun(row: Row): LedgerRun {
  return {
    ...(row as unknown as LedgerRun),
    startedAt: new Date(row.startedAt ?? 0).toISOString(),
    finishedAt: row.finishedAt && new Date(row.finishedAt).toISOString(),
    forced: row.forced === "true",
    exported: row.exported === "true",
    notified: row.notified === "true",
    files: JSON.parse(row.files ?? "[]") as UsedFile[],
    report: row.report === null ? null : (JSON.parse(row.report) as RunReport),
  };
}

async function find(client: Client, where: string, values: unknown[] = []): Promise<LedgerRun[]> {
  const { rows } = await client.query<Row>(`select ${COLUMNS} from if_common.runs ${where}`, values);
  return rows.map(toRun);
}

/** The run whose rows the warehouse holds. */
export async function lastSuccess(client: Client): Promise<LedgerRun | undefined> {
  return (await find(client, "where status = 'succeeded' order by finished_at desc limit 1"))[0];
}

/** A run that has succeeded on a UTC day (yyyy-mm-dd). */
export async function successOf(client: Client, day: string): Promise<LedgerRun | undefined> {
  return (
    await find(client, "where status = 'succeeded' and run_date = $1 order by finished_at limit 1", [day])
  )[0];
}

/** The successful run that has used a version of a file. */
export async function successWith(
  client: Client,
  file: Pick<UsedFile, "key" | "versionId">,
): Promise<LedgerRun | undefined> {
  const { key, versionId } = file;
  const values = [JSON.stringify([{ key, versionId }])];
  return (await find(client, "where status = 'succeeded' and files @> $1::jsonb limit 1", values))[0];
}

/** The latest runs, newest first. */
export function latestRuns(client: Client, limit: number): Promise<LedgerRun[]> {
  return find(client, "order by started_at desc, run_id desc limit $1", [limit]);
}

/**
 * Ends the runs that are marked as running: whoever holds the warehouse's lock knows that none is. Their function was
 * killed, and their transaction with it.
 */
export async function closeAbandoned(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ run_id: string }>(
    "update if_common.runs set status = 'failed', finished_at = now(), " +
      "reason = 'the function ended before the run did; nothing of it was kept' where status = 'running' returning run_id",
  );
  return rows.map(({ run_id }) => run_id);
}

/** Enters a run that begins. */
export async function beginRun(
  client: Client,
  run: {
    runId: string;
    runDate: string;
    asOf: string;
    forced: boolean;
    requestId: string;
    startedAt: string;
  },
): Promise<void> {
  await client.query(
    "insert into if_common.runs (run_id, run_date, as_of, forced, status, request_id, started_at) values ($1, $2, $3, $4, 'running', $5, $6)",
    [run.runId, run.runDate, run.asOf, run.forced, run.requestId, run.startedAt],
  );
}

/**
 * Marks a run as succeeded, inside the transaction that its figures are made in. Where another has succeeded on that
 * day meanwhile, the unique key refuses it, and the figures with it.
 */
export async function succeedRun(
  client: Client,
  report: RunReport,
  files: readonly UsedFile[],
): Promise<void> {
  await client.query(
    "update if_common.runs set status = 'succeeded', finished_at = $2, files = $3, report = $4 where run_id = $1",
    [report.runId, report.finished, JSON.stringify(files), JSON.stringify(report)],
  );
}

/** Marks a run as failed. */
export async function failRun(client: Client, report: RunReport): Promise<void> {
  await client.query(
    "update if_common.runs set status = 'failed', finished_at = $2, reason = $3, report = $4 where run_id = $1 and status = 'running'",
    [report.runId, report.finished, report.reason?.message ?? "", JSON.stringify(report)],
  );
}

/** Notes that a run's tables lie in the exports bucket, or that it was told. */
export async function noteDone(
  client: Client,
  runId: string,
  what: "exported_at" | "notified_at",
): Promise<void> {
  await client.query(`update if_common.runs set ${what} = now() where run_id = $1`, [runId]);
}
