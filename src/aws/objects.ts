import type { S3Client } from "@aws-sdk/client-s3";
import { answered } from "./answered.ts";

export interface ObjectCount {
  objects: number;
  bytes: number;
}

/** Counts the current objects of a bucket by listing it: one request per 1,000 objects. */
export async function countObjects(
  s3: S3Client,
  bucket: string,
  prefix?: string,
): Promise<ObjectCount | null> {
  const { paginateListObjectsV2, NoSuchBucket } = await import("@aws-sdk/client-s3");
  const count: ObjectCount = { objects: 0, bytes: 0 };
  try {
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
      for (const object of page.Contents ?? []) {
        count.objects++;
        count.bytes += object.Size ?? 0;
      }
    }
    return count;
  } catch (error) {
    if (error instanceof NoSuchBucket) return null;
    throw error;
  }
}

/** When a bucket was made, milliseconds since the epoch; null where that is refused. */
export async function bucketMadeAt(s3: S3Client, bucket: string): Promise<number | null> {
  const { ListBucketsCommand } = await import("@aws-sdk/client-s3");
  const listed = await answered(s3.send(new ListBucketsCommand({ Prefix: bucket })));
  return listed?.Buckets?.find(({ Name }) => Name === bucket)?.CreationDate?.getTime() ?? null;
}
