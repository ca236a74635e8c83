import type { ListObjectVersionsCommandOutput, ObjectIdentifier, S3Client } from "@aws-sdk/client-s3";
import pMap from "p-map";
import { EdpError, EXIT } from "../errors.ts";

/** DeleteObjects takes this many keys: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const DELETE_BATCH = 1_000;
/** DeleteObjects requests in flight; S3 takes 3,500 writes a second and prefix, and each request counts as one. */
const DELETES_AT_ONCE = 8;

/**
 * Deletes every object version, delete marker and unfinished multipart upload of a bucket. Pages are listed while
 * earlier ones are being deleted. A bucket that does not exist is empty.
 * @returns how many versions and delete markers are gone.
 */
export async function emptyBucket(
  s3: S3Client,
  bucket: string,
  signal: AbortSignal,
  onDeleted: (count: number) => void = () => {},
): Promise<number> {
  let deleted = 0;
  try {
    await pMap(
      versionPages(s3, bucket, signal),
      async (batch) => {
        await deleteBatch(s3, bucket, batch);
        deleted += batch.length;
        onDeleted(deleted);
      },
      { concurrency: DELETES_AT_ONCE, stopOnError: true },
    );
    await abortUploads(s3, bucket);
  } catch (error) {
    if ((error as Error).name === "NoSuchBucket") return deleted;
    throw error;
  }
  return deleted;
}

async function* versionPages(
  s3: S3Client,
  bucket: string,
  signal: AbortSignal,
): AsyncGenerator<ObjectIdentifier[]> {
  const { ListObjectVersionsCommand } = await import("@aws-sdk/client-s3");
  let page: ListObjectVersionsCommandOutput | undefined;
  do {
    signal.throwIfAborted();
    page = await s3.send(
      new ListObjectVersionsCommand({
        Bucket: bucket,
        MaxKeys: DELETE_BATCH,
        KeyMarker: page?.NextKeyMarker,
        VersionIdMarker: page?.NextVersionIdMarker,
      }),
    );
    const batch = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].flatMap(({ Key, VersionId }) =>
      Key === undefined ? [] : [{ Key, VersionId }],
    );
    if (batch.length > 0) yield batch;
  } while (page.IsTruncated);
}

async function deleteBatch(s3: S3Client, bucket: string, objects: ObjectIdentifier[]): Promise<void> {
  const { DeleteObjectsCommand } = await import("@aws-sdk/client-s3");
  const { Errors = [] } = await s3.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
  );
  const [first] = Errors;
  if (!first) return;
  throw new EdpError(
    "BUCKET_NOT_EMPTIED",
    EXIT.partlyDone,
    `${Errors.length} objects of ${bucket} could not be deleted; the first is ${first.Key}: ${first.Code} ${first.Message ?? ""}`,
    { hint: "Check s3:DeleteObjectVersion and object locks, then run the command again." },
  );
}

async function abortUploads(s3: S3Client, bucket: string): Promise<void> {
  const { ListMultipartUploadsCommand, AbortMultipartUploadCommand } = await import("@aws-sdk/client-s3");
  for (;;) {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    if (Uploads.length === 0) return;
    await pMap(
      Uploads,
      ({ Key, UploadId }) => s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId })),
      { concurrency: DELETES_AT_ONCE },
    );
  }
}
