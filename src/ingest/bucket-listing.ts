import type { S3Client } from "@aws-sdk/client-s3";

/** Keys of one page of ListObjectsV2. */
const PAGE_KEYS = 1_000;
/** A listing may be this many times as long as what it is to check, then single requests are cheaper. */
const MAX_LENGTH_FACTOR = 4;

/**
 * Lists which objects lie under a prefix, with their ETags without quotes; at most about four times `expected`
 * objects, the rest stays unlisted. One request per 1,000 objects. Only keys that `wanted` takes are kept.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export async function listEtags(
  s3: S3Client,
  bucket: string,
  prefix: string,
  expected: number,
  wanted: (key: string) => boolean,
): Promise<Map<string, string>> {
  const { paginateListObjectsV2 } = await import("@aws-sdk/client-s3");
  const etags = new Map<string, string>();
  let pages = Math.ceil(expected / PAGE_KEYS) * MAX_LENGTH_FACTOR;
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key, ETag } of page.Contents ?? []) {
      if (Key !== undefined && ETag !== undefined && wanted(Key)) etags.set(Key, plainEtag(ETag));
    }
    if (--pages <= 0) break;
  }
  return etags;
}

/** An ETag without the quotes it has on the wire. */
export function plainEtag(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}
