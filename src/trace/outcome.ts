import type { S3Client } from "@aws-sdk/client-s3";
import { readParquetRows } from "../aws/parquet.ts";
import { Claims } from "../lambda/shared/claims.ts";
import type { ObjectVersion } from "../lambda/shared/object-events.ts";
import { readSources } from "../reconcile/outputs.ts";

/** Largest output that is read to count an object's rows. */
const MAX_COUNTED_BYTES = 32 * 1024 * 1024;

/** What a bucket of outputs holds for good about an object version. */
export type DurableOutcome =
  | { kind: "output"; bucket: string; key: string; time: string; rows: number | null; requestId: string }
  | {
      kind: "rejected";
      bucket: string;
      time: string | null;
      errorCode: string;
      path: string;
      message: string;
      supersededBy: string;
      requestId: string;
    }
  /** Claimed, but the output is not there: an invocation is at it, or died over it. */
  | { kind: "claimed"; bucket: string; output: string; expiresAt: string; requestId: string };

/** Reads an object version's claim and, where that names one, its output; undefined where nothing is claimed. */
export async function readOutcome(
  s3: S3Client,
  bucket: string,
  source: ObjectVersion,
): Promise<DurableOutcome | undefined> {
  const held = await readClaim(s3, bucket, source);
  if (!held) return undefined;
  const { requestId } = held;
  if ("rejected" in held) {
    const { rejected, supersededBy } = held;
    return { kind: "rejected", bucket, time: null, ...rejected, supersededBy, requestId };
  }
  const output = await readOutput(s3, bucket, held.output, source);
  if (output) return { kind: "output", bucket, key: held.output, ...output, requestId };
  const expiresAt = new Date(held.expiresAt).toISOString();
  return { kind: "claimed", bucket, output: held.output, expiresAt, requestId };
}

async function readClaim(s3: S3Client, bucket: string, source: ObjectVersion) {
  try {
    return (await new Claims(s3, bucket).read(source))?.body;
  } catch (error) {
    // Without s3:ListBucket, S3 says 403 of what isn't there.
    if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 403)
      return undefined;
    throw error;
  }
}

/** Time and rows of an output whose footer names the object version; undefined where it isn't there. */
async function readOutput(
  s3: S3Client,
  bucket: string,
  key: string,
  source: ObjectVersion,
): Promise<{ time: string; rows: number | null } | undefined> {
  const { HeadObjectCommand } = await import("@aws-sdk/client-s3");
  try {
    const { ContentLength = 0, LastModified } = await s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key }),
    );
    const sources = await readSources(s3, bucket, { key, bytes: ContentLength });
    const named = sources.some(([one, version]) => one === source.key && version === source.version);
    if (!named) return undefined;
    const rows = ContentLength <= MAX_COUNTED_BYTES ? await countRows(s3, bucket, key, source) : null;
    return { time: (LastModified ?? new Date(0)).toISOString(), rows };
  } catch (error) {
    if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 404)
      return undefined;
    throw error;
  }
}

/** Rows of one object version; null where this Node can't read the file's codec. */
async function countRows(
  s3: S3Client,
  bucket: string,
  key: string,
  source: ObjectVersion,
): Promise<number | null> {
  const columns = ["_source_key", "_source_version"];
  try {
    const { rows } = await readParquetRows(s3, { bucket, key }, { columns, limit: Number.MAX_SAFE_INTEGER });
    return rows.filter((row) => row._source_key === source.key && row._source_version === source.version)
      .length;
  } catch (error) {
    if (/zstd/i.test((error as Error).message)) return null;
    throw error;
  }
}
