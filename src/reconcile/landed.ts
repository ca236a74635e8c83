import { HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import pMap from "p-map";
import { awsError } from "../lambda/shared/faults.ts";
import { splitVersionKey } from "./tally.ts";

const REQUESTS_AT_ONCE = 64;
/** Versions that are looked up; for more, a request each would take long and tell nothing new. */
const MOST = 1_000;
const ETAG = "etag:";

/**
 * Looks up which object versions still lie in their bucket, by one HeadObject each; at most 1,000.
 * @param ids names of object versions, as `versionKey` makes them
 */
export async function findLanded(
  s3: S3Client,
  bucket: string,
  ids: readonly string[],
): Promise<Map<string, boolean>> {
  const found = await pMap(
    ids.slice(0, MOST),
    async (id): Promise<[string, boolean]> => {
      const { key, version } = splitVersionKey(id);
      const exactly = version.startsWith(ETAG)
        ? { IfMatch: `"${version.slice(ETAG.length)}"` }
        : { VersionId: version };
      try {
        await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ...exactly }));
        return [id, true];
      } catch (error) {
        const { status } = awsError(error);
        // 400: no version id of this bucket; 405: a delete marker; 412: another ETag.
        if (status === 404 || status === 400 || status === 405 || status === 412) return [id, false];
        throw error;
      }
    },
    { concurrency: REQUESTS_AT_ONCE },
  );
  return new Map(found);
}
