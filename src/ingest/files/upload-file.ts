import { createReadStream } from "node:fs";
import type { S3Client } from "@aws-sdk/client-s3";
import { awsError } from "../../lambda/shared/faults.ts";
import { plainEtag } from "../bucket-listing.ts";
import { METADATA } from "../upload.ts";

/** S3 takes up to 10,000 parts of 5 MiB and more. */
const PART_BYTES = 8 * 1024 * 1024;
const MOST_PARTS = 10_000;
/** Parts of one file under way at a time. */
const PARTS_AT_ONCE = 4;

/** A file on disk, and what it is to be in the bucket. */
export interface FileToSend {
  /** Where it lies, an absolute path. */
  path: string;
  /** Path as people are shown it. */
  file: string;
  key: string;
  bytes: number;
  /** Rows without header and blank lines. */
  rows: number;
  sha256: string;
}

export interface Target {
  s3: S3Client;
  bucket: string;
  /** The run that stores it, for the object's metadata. */
  runId: string;
  /** Further user metadata. */
  metadata?: Readonly<Record<string, string>> | undefined;
  signal: AbortSignal;
}

/** Whether the bucket has the very bytes of a file under its key, stored by edp. */
export async function isThere({ key, sha256 }: FileToSend, { s3, bucket }: Target): Promise<boolean> {
  const { HeadObjectCommand } = await import("@aws-sdk/client-s3");
  try {
    const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return Metadata?.[METADATA.sha256] === sha256;
  } catch (error) {
    if (awsError(error).status === 404) return false;
    throw error;
  }
}

/**
 * Uploads a file, in parts where it is large. Aborted, it leaves nothing behind.
 * @param onProgress called with the bytes of this file that have been sent
 * @returns the version id, `etag:<etag>` in a bucket without versions
 */
export async function uploadFile(
  { path, key, bytes, sha256 }: FileToSend,
  { s3, bucket, runId, signal, metadata }: Target,
  onProgress: (sent: number) => void,
): Promise<string> {
  const { Upload } = await import("@aws-sdk/lib-storage");
  const upload = new Upload({
    client: s3,
    partSize: Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS)),
    queueSize: PARTS_AT_ONCE,
    params: {
      Bucket: bucket,
      Key: key,
      // An empty stream has no length that the SDK could tell S3.
      Body: bytes === 0 ? Buffer.alloc(0) : createReadStream(path),
      ContentType: "text/csv",
      Metadata: { ...metadata, [METADATA.sha256]: sha256, [METADATA.run]: runId },
    },
  });
  const abort = () => void upload.abort();
  signal.addEventListener("abort", abort);
  upload.on("httpUploadProgress", ({ loaded = 0 }) => onProgress(loaded));
  try {
    const answer = await upload.done();
    onProgress(bytes);
    return answer.VersionId ?? `etag:${plainEtag(answer.ETag)}`;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
