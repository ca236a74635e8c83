import { PutObjectCommand } from "@aws-sdk/client-s3";
import { type FilesRunReport, type ReportedFile, RUN_REPORTS } from "../../shared/run-report.ts";
import { KINDS, type Kind } from "./day-file.ts";
import type { DaySet } from "./day-set.ts";
import type { FaultLog } from "./fault-log.ts";
import type { Invocation } from "./invocation.ts";
import type { DayResult } from "./transform.ts";

/** What a run did, as it is kept in `runs/<date>/<run id>.json` of the bucket `reports`. */
export interface RunReport extends FilesRunReport {
  /** The day, ISO 8601. */
  date: string;
  /** `refused`: a file could not be read at all, so nothing of the day was; its faults are error messages. */
  outcome: "processed" | "refused";
  files: FileReport[];
  /** Customers with a record. */
  customers: number;
  /** Customers whose message this run had to send: the result was new or changed. */
  messages: number;
  /** Error messages. */
  errors: number;
}

export interface FileReport extends ReportedFile {
  kind: Kind;
  /** Key of the object with the faults that have no message of their own; null where each has one. */
  rejects: string | null;
}

/** Key of a run's report. */
export const reportKey = ({ date, runId }: Pick<DaySet, "date" | "runId">): string =>
  `${RUN_REPORTS}${date}/${runId}.json`;

/** What the report says of each file. */
export function fileReports(
  set: DaySet,
  counts: DayResult["counts"] | undefined,
  faults: FaultLog,
  refused: Partial<Record<Kind, string>> = {},
): FileReport[] {
  return KINDS.map((kind) => {
    const { bucket, key, version } = set.files[kind];
    const { rows, rejected } = counts?.[kind] ?? { rows: 0, rejected: 0 };
    return {
      kind,
      bucket,
      key,
      versionId: version,
      rows,
      processed: rows - rejected,
      rejected,
      rejects: faults.rest(kind) ?? null,
      refused: refused[kind] ?? null,
    };
  });
}

export async function writeReport(report: RunReport, run: Invocation): Promise<void> {
  await run.s3.send(
    new PutObjectCommand({
      Bucket: run.environment.reports,
      Key: reportKey(report),
      Body: JSON.stringify(report, null, 2),
      ContentType: "application/json",
    }),
    { abortSignal: run.signal },
  );
}
