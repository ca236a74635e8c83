import { buffer } from "node:stream/consumers";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { TRANSFORMS } from "./transform.ts";

/** Folder of the exported tables in the exports bucket. */
const FOLDER = "analytics_export";

/**
 * Writes every analytics table as CSV: `analytics_export/<project>/<table>.csv`, and the same under
 * `analytics_export/<project>/<as-of date>/`. They have one row a day, so each is held in memory.
 * @returns the keys
 */
export async function exportTables(
  client: Client,
  s3: S3Client,
  target: { bucket: string; project: string; asOf: string },
  signal?: AbortSignal,
): Promise<string[]> {
  const keys: string[] = [];
  for (const { table } of TRANSFORMS) {
    const Body = await buffer(
      client.query(
        copyTo(
          `copy (select * from analytics.${table} order by ingestion_date) to stdout with (format csv, header)`,
        ),
      ),
    );
    for (const folder of [target.project, `${target.project}/${target.asOf}`]) {
      const Key = `${FOLDER}/${folder}/${table}.csv`;
      await s3.send(new PutObjectCommand({ Bucket: target.bucket, Key, Body, ContentType: "text/csv" }), {
        abortSignal: signal,
      });
      keys.push(Key);
    }
  }
  return keys;
}
