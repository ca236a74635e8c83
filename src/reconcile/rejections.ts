import type { S3Client } from "@aws-sdk/client-s3";
import pMap from "p-map";
import { splitVersionKey } from "./tally.ts";

const READS_AT_ONCE = 32;

/**
 * Finds which of these object versions were rejected for good, by their claims beside the outputs: one
 * GetObject each, so it is asked only for those that nothing else explains.
 * @param outputs the bucket that holds outputs and claims
 * @param landing the bucket that holds the objects
 * @param ids names of object versions, as `versionKey` makes them
 */
export async function findRejected(
  s3: S3Client,
  outputs: string,
  landing: string,
  ids: Iterable<string>,
): Promise<string[]> {
  const { Claims } = await import("../lambda/shared/claims.ts");
  const claims = new Claims(s3, outputs);
  const found = await pMap(
    ids,
    async (id) => {
      const claim = await claims.read({ bucket: landing, ...splitVersionKey(id) });
      return claim && "rejected" in claim.body ? [id] : [];
    },
    { concurrency: READS_AT_ONCE },
  );
  return found.flat();
}
