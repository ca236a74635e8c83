import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { RUN_REPORTS } from "../lambda/shared/run-report.ts";
import type { RunReport } from "../lambda/warehouse/run/report.ts";

/** Reads the latest reports of the warehouse's runs, newest first: their keys sort by time. */
export async function latestReports(s3: S3Client, bucket: string, count: number): Promise<RunReport[]> {
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: RUN_REPORTS },
  )) {
    keys.push(...Contents.flatMap(({ Key }) => Key ?? []));
  }
  const latest = keys.sort().slice(-count).reverse();
  return Promise.all(
    latest.map(async (Key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return JSON.parse((await Body?.transformToString()) ?? "null") as RunReport;
    }),
  );
}
