import type { S3Client } from "@aws-sdk/client-s3";
import { type Batch, latestBatch, newestOf, waitingFor } from "../lambda/warehouse/run/batch.ts";
import { DATASETS, FOLDER } from "../lambda/warehouse/run/datasets.ts";
import { latestReports } from "./latest-reports.ts";
import type { WaitingFiles } from "./waiting.ts";

/** Reports looked through for the last success: failed attempts have reports, too. */
const REPORTS = 20;

/** Files of a batch of which others are still to come: no news since the last successful run. */
export async function waitingBatch(s3: S3Client, inbox: string, exports: string): Promise<WaitingFiles[]> {
  const [batch, reports] = await Promise.all([latestBatch(s3, inbox), latestReports(s3, exports, REPORTS)]);
  const used = reports.find(({ status }) => status === "succeeded")?.inputs ?? [];
  const newest = newestOf(batch);
  if (!newest) return [];
  const missing = waitingFor(batch, used, newest).map((file) => `${FOLDER}${file}`);
  const arrived = arrivedOf(batch, missing);
  if (missing.length === 0 || arrived.length === 0) return [];
  return [{ of: "batch", arrived, missing, since: newest.lastModified }];
}

function arrivedOf(batch: Batch, missing: readonly string[]): string[] {
  const needed = DATASETS.filter((dataset) => dataset.needed).flatMap(
    ({ name }) => batch.get(name)?.key ?? [],
  );
  return needed.filter((key) => !missing.includes(key));
}
