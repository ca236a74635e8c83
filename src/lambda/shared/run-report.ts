/** Folder of the run reports in the bucket that a function writes them to: `runs/<date>/<run id>.json`. */
export const RUN_REPORTS = "runs/";

/**
 * What a function that works on whole files did in one run: written last, once, so that whoever sent the files can
 * tell what became of each row. A function adds what else its readers want to know.
 */
export interface FilesRunReport {
  runId: string;
  /** ISO 8601 in UTC. */
  started: string;
  finished: string;
  files: ReportedFile[];
}

/** One version of one file in a run: `rows = processed + rejected`. */
export interface ReportedFile {
  bucket: string;
  key: string;
  versionId: string;
  /** Rows without header and blank lines; 0 where the run was refused. */
  rows: number;
  processed: number;
  /** Rows with a fault that is told somewhere durable. */
  rejected: number;
  /**
   * Why this file cannot be read at all; null where it can. A run with such a file is refused: all rows of that
   * file count as rejected, and the others wait for its correction.
   */
  refused: string | null;
}
