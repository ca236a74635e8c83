import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { FileVersion } from "./batch.ts";
import type { Reject } from "./csv/scanner.ts";

/** Folder of the run reports in the exports bucket. */
export const REPORTS = "runs/";

/** What became of one file of a run, in rows: `rows = processed + rejected`. */
export interface FileReport {
  bucket: string;
  key: string;
  versionId: string;
  rows: number;
  processed: number;
  rejected: number;
}

/** `runs/<date>/<runId>.json` in the exports bucket: the durable account of one run. */
export interface RunReport {
  runId: string;
  pipeline: "warehouse";
  status: "succeeded" | "failed";
  forced: boolean;
  asOf: string;
  requestId: string;
  /** ISO 8601 in UTC. */
  startedAt: string;
  finishedAt: string;
  seconds: number;
  /** Why it failed; null where it succeeded. */
  reason: { errorCode: string; path: string; message: string } | null;
  /** Whether a run that failed will be tried again without anybody's doing. */
  retried: boolean;
  /** What became of the rows; empty where the run failed: nothing of it was kept. */
  files: FileReport[];
  /** The object versions that the run read. */
  inputs: Pick<FileVersion, "dataset" | "bucket" | "key" | "versionId" | "bytes" | "lastModified">[];
  rows: number;
  processed: number;
  rejected: number;
  /** Refused rows, as many as the limit allows. */
  rejects: (Reject & { file: string })[];
  /** What a reader should know; e.g. columns that were left out. */
  warnings: string[];
  /** Keys of the exported tables. */
  exports: string[];
}

/** Date of the day a run began on. */
export function reportKey({ runId, startedAt }: Pick<RunReport, "runId" | "startedAt">): string {
  return `${REPORTS}${startedAt.slice(0, 10)}/${runId}.json`;
}

/** Puts a run's report, with what it has logged. */
export async function putReport(
  s3: S3Client,
  bucket: string,
  report: RunReport,
  log: readonly unknown[],
  signal?: AbortSignal,
): Promise<void> {
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: reportKey(report),
      Body: `${JSON.stringify({ ...report, log }, null, 2)}\n`,
      ContentType: "application/json",
    }),
    { abortSignal: signal },
  );
}
