import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import pMap from "p-map";
import { type FilesRunReport, RUN_REPORTS } from "../lambda/shared/run-report.ts";

/** Clocks of this machine and of S3 may differ by this much. */
const CLOCK_SKEW_MS = 5 * 60_000;
const READS_AT_ONCE = 16;

/** A run report and where it lies. */
export interface FoundReport {
  /** `s3://bucket/key` */
  at: string;
  report: FilesRunReport;
}

/** Reads the run reports of some buckets, each once. */
export class RunReports {
  readonly #read = new Set<string>();

  constructor(
    private readonly s3: S3Client,
    private readonly buckets: readonly string[],
    /** Only those that were written since, milliseconds since the epoch. */
    private readonly since: number,
  ) {}

  /** Reports that were not there before. */
  async unread(): Promise<FoundReport[]> {
    const found = (await Promise.all(this.buckets.map((bucket) => this.#list(bucket)))).flat();
    return pMap(found, ({ bucket, key }) => this.#get(bucket, key), { concurrency: READS_AT_ONCE });
  }

  async #list(bucket: string): Promise<{ bucket: string; key: string }[]> {
    const found: { bucket: string; key: string }[] = [];
    const pages = paginateListObjectsV2({ client: this.s3 }, { Bucket: bucket, Prefix: RUN_REPORTS });
    for await (const { Contents = [] } of pages) {
      for (const { Key = "", LastModified } of Contents) {
        const old = (LastModified?.getTime() ?? 0) < this.since - CLOCK_SKEW_MS;
        if (!old && !this.#read.has(`${bucket}/${Key}`)) found.push({ bucket, key: Key });
      }
    }
    return found;
  }

  async #get(bucket: string, key: string): Promise<FoundReport> {
    const found = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const report = JSON.parse((await found.Body?.transformToString()) ?? "null") as FilesRunReport;
    this.#read.add(`${bucket}/${key}`);
    return { at: `s3://${bucket}/${key}`, report };
  }
}
