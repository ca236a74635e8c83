import type { Clients } from "../aws/clients.ts";
import type { DeployedPipeline } from "../topology/deployment.ts";
import { latestReports } from "./latest-reports.ts";

/** A run of a pipeline that works in runs. */
export interface LatestRun {
  runId: string;
  status: "succeeded" | "failed";
  asOf: string;
  forced: boolean;
  started: string;
  seconds: number;
  rows: number;
  rejected: number;
  reason: string | null;
}

/** Runs shown by status. */
const SHOWN = 5;

/** Pipelines whose function runs once a day, and the bucket that it reports to. */
const REPORTING: Readonly<Record<string, string>> = { warehouse: "exports" };

/** The latest runs of a pipeline, newest first; undefined where it doesn't work in runs. */
export async function latestRuns(
  clients: Clients,
  { topology, addresses }: DeployedPipeline,
): Promise<LatestRun[] | undefined> {
  const bucket = addresses.buckets[REPORTING[topology.name] ?? ""]?.name;
  if (!bucket) return undefined;
  const reports = await latestReports(await clients.s3(), bucket, SHOWN);
  return reports.map(({ runId, status, asOf, forced, started, seconds, rows, rejected, reason }) => ({
    runId,
    status,
    asOf,
    forced,
    started,
    seconds,
    rows,
    rejected,
    reason: reason && `${reason.errorCode}: ${reason.message}`,
  }));
}
