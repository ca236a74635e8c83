import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { parquetMetadataAsync } from "hyparquet";
import pMap from "p-map";
import { OUTPUT_METADATA } from "../lambda/shared/output-metadata.ts";
import { versionKey } from "./tally.ts";

/** Footers read at a time. */
const READS_AT_ONCE = 32;
/** Read from a file's end at first: the footer of a batch of 500 objects has about 60 KB. */
const FOOTER_BYTES = 96 * 1024;

export interface OutputObject {
  key: string;
  bytes: number;
  /** Milliseconds since the epoch, in whole seconds. */
  modified: number;
}

export interface ListOptions {
  /** Keys to look under; by default everything that functions write, `dataset=<name>/`. */
  prefixes?: readonly string[];
  /** Outputs last modified before are left out. S3 has this time in whole seconds. */
  since?: Date;
  /** Keys of outputs that need not be read again: an output never changes. */
  known?: ReadonlySet<string>;
}

/**
 * Reads which object versions have become rows, from the footers of the Parquet outputs.
 * @returns the output's key for each object version, named as `versionKey` does
 * @throws Error that names the output whose footer can't be read
 */
export async function listProcessed(
  s3: S3Client,
  bucket: string,
  options: ListOptions = {},
): Promise<Map<string, string>> {
  const outputs = await listOutputs(s3, bucket, options);
  const processed = new Map<string, string>();
  await pMap(
    outputs,
    async (output) => {
      for (const [key, version] of await readSources(s3, bucket, output)) {
        processed.set(versionKey(key, version), output.key);
      }
    },
    { concurrency: READS_AT_ONCE },
  );
  return processed;
}

/** Lists the Parquet outputs in a bucket. */
export async function listOutputs(
  s3: S3Client,
  bucket: string,
  options: ListOptions = {},
): Promise<OutputObject[]> {
  const { prefixes = ["dataset="], since, known } = options;
  const sinceSecond = since ? Math.floor(since.getTime() / 1000) * 1000 : Number.NEGATIVE_INFINITY;
  const found: OutputObject[] = [];
  for (const Prefix of prefixes) {
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix })) {
      for (const { Key = "", Size = 0, LastModified } of page.Contents ?? []) {
        if (!Key.endsWith(".parquet") || known?.has(Key)) continue;
        if (LastModified && LastModified.getTime() < sinceSecond) continue;
        found.push({ key: Key, bytes: Size, modified: LastModified?.getTime() ?? 0 });
      }
    }
  }
  return found;
}

/**
 * The object versions whose rows an output holds, `[key, version]` each; none for a Parquet file that edp
 * did not write.
 */
export async function readSources(
  s3: S3Client,
  bucket: string,
  output: Pick<OutputObject, "key" | "bytes">,
): Promise<[key: string, version: string][]> {
  try {
    const metadata = await parquetMetadataAsync(
      {
        byteLength: output.bytes,
        slice: (start, end) => readRange(s3, bucket, output.key, start, end ?? output.bytes),
      },
      { initialFetchSize: FOOTER_BYTES },
    );
    const listed = metadata.key_value_metadata?.find(({ key }) => key === OUTPUT_METADATA.sources)?.value;
    return JSON.parse(listed ?? "[]") as [string, string][];
  } catch (error) {
    throw new Error(
      `The footer of s3://${bucket}/${output.key} cannot be read: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

async function readRange(
  s3: S3Client,
  bucket: string,
  key: string,
  start: number,
  end: number,
): Promise<ArrayBuffer> {
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=${start}-${end - 1}` }),
  );
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}
