import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import pMap from "p-map";
import { METADATA } from "../../src/ingest/upload.ts";
import { queryParquet } from "../unit/lambda/duckdb.ts";

const READS_AT_ONCE = 16;

/** An object without what differs from run to run: version, time, and the id of the run that stored it. */
export interface StoredContent {
  key: string;
  body: string;
  contentType: string | undefined;
  metadata: Record<string, string>;
}

/** Everything below a prefix, in the order of the keys. */
export async function bucketContent(s3: S3Client, Bucket: string, Prefix: string): Promise<StoredContent[]> {
  return pMap(
    await keysOf(s3, Bucket, Prefix),
    async (Key) => {
      const { Body, ContentType, Metadata = {} } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const { [METADATA.run]: _run, ...metadata } = Metadata;
      return { key: Key, body: (await Body?.transformToString()) ?? "", contentType: ContentType, metadata };
    },
    { concurrency: READS_AT_ONCE },
  );
}

/**
 * The rows of a dataset's Parquet files in a bucket, read by DuckDB, without the version and time of their sources,
 * in the order of their sources.
 * @param directory where the files are put
 */
export async function parquetRows(
  s3: S3Client,
  Bucket: string,
  dataset: string,
  directory: string,
): Promise<Record<string, unknown>[]> {
  const keys = await keysOf(s3, Bucket, `dataset=${dataset}/`);
  const files = await pMap(
    keys,
    async (Key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    { concurrency: READS_AT_ONCE },
  );
  if (files.length === 0) return [];
  const query = "SELECT * EXCLUDE (_source_version, _event_time) FROM FILE ORDER BY _source_key, id";
  return queryParquet(directory, files, query);
}

async function keysOf(s3: S3Client, Bucket: string, Prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix })) {
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
  }
  return keys.sort();
}
