import type { S3Client } from "@aws-sdk/client-s3";

/** Versions of one key that are looked at; older ones are named as not seen. */
export const MOST_VERSIONS = 20;

/** A version of an object, as S3 lists it. */
export interface ObjectPut {
  bucket: string;
  key: string;
  /** Version id, or `etag:<etag>` in a bucket without versions: as functions name it. */
  version: string;
  bytes: number | null;
  /** ISO 8601 in UTC, whole seconds. */
  time: string;
  isLatest: boolean;
  deleteMarker: boolean;
}

/** Lists the versions and delete markers of a key, newest first; none where bucket or key don't exist. */
export async function listVersions(s3: S3Client, bucket: string, key: string): Promise<ObjectPut[]> {
  const { ListObjectVersionsCommand } = await import("@aws-sdk/client-s3");
  try {
    // Keys with this prefix come in order, the key itself first.
    const page = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key, MaxKeys: MOST_VERSIONS + 1 }),
    );
    const puts = [
      ...(page.Versions ?? []).map((one) => ({ ...one, deleteMarker: false })),
      ...(page.DeleteMarkers ?? []).map((one) => ({
        ...one,
        Size: undefined,
        ETag: undefined,
        deleteMarker: true,
      })),
    ];
    return puts
      .filter(({ Key }) => Key === key)
      .map(({ VersionId, ETag, Size, LastModified, IsLatest, deleteMarker }) => ({
        bucket,
        key,
        version:
          VersionId === undefined || VersionId === "null"
            ? `etag:${(ETag ?? "").replaceAll('"', "")}`
            : VersionId,
        bytes: Size ?? null,
        time: (LastModified ?? new Date(0)).toISOString(),
        isLatest: IsLatest === true,
        deleteMarker,
      }))
      .sort((a, b) => b.time.localeCompare(a.time));
  } catch (error) {
    if ((error as Error).name === "NoSuchBucket") return [];
    throw error;
  }
}
