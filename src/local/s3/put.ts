import { randomUUID } from "node:crypto";
import { AwsError } from "../service.ts";
import { checkWrite } from "./conditions.ts";
import { objectHeaders } from "./object-headers.ts";
import { stage } from "./staging.ts";
import type { Store } from "./store.ts";

/** An object that another part of the engine stores. */
export interface EngineObject {
  bucket: string;
  key: string;
  contentType: string;
}

/**
 * Stores an object as PutObject with `If-None-Match: *` does, with its events.
 * @returns false when there is an object of this key already; it stays as it is
 * @throws AwsError NoSuchBucket, or what the disk refuses
 */
export async function putIfAbsent(
  store: Store,
  { bucket: name, key, contentType }: EngineObject,
  payload: AsyncIterable<Buffer>,
): Promise<boolean> {
  const bucket = store.bucket(name);
  const headers = { "content-type": contentType, "if-none-match": "*" };
  const check = () => checkWrite(key, bucket.index.latest(key), headers);
  const object = objectHeaders(headers);
  try {
    check();
    const staged = await stage(payload, { directory: bucket.temporary });
    const { size, md5: etag } = staged;
    try {
      await store.change(
        bucket,
        { kind: "Put", key, size, etag, requestId: randomUUID() },
        check,
        (sequence, versionId, modified) => {
          const checksums = {};
          bucket.put(staged, { key, sequence, versionId, size, etag, modified, checksums, ...object });
        },
      );
    } catch (error) {
      staged.discard();
      throw error;
    }
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.code === "PreconditionFailed") return false;
    throw error;
  }
}
