import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { type FilesRunReport, RUN_REPORTS } from "../../shared/run-report.ts";
import type { FileVersion } from "./batch.ts";
import type { Reject } from "./csv/scanner.ts";

/**
 * `runs/<date>/<runId>.json` in the exports bucket: the durable account of one run. `files` is empty where the run will
 * be tried again, and where it is not known whose fault it was.
 */
export interface RunReport extends FilesRunReport {
  pipeline: "warehouse";
  status: "succeeded" | "failed";
  forced: boolean;
  asOf: string;
  requestId: string;
  seconds: number;
  /** Why it failed; null where it succeeded. */
  reason: { errorCode: string; path: string; message: string } | null;
  /** Whether a run that failed will be tried again without anybody's doing. */
  retried: boolean;
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

/** Under the day that the run began on. */
export function reportKey({ runId, started }: Pick<RunReport, "runId" | "started">): string {
  return `${RUN_REPORTS}${started.slice(0, 10)}/${runId}.json`;
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
