import type { ServiceResponse } from "../../service.ts";
import type { Bucket } from "../bucket.ts";
import { type Call, header, requestedVersion, versionHeader } from "../call.ts";
import { checkWrite } from "../conditions.ts";
import type { Store } from "../store.ts";

export interface Deletion {
  /** The version that was removed, or the delete marker that was made. */
  versionId: string | null;
  deleteMarker: boolean;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export async function deleteObject(call: Call): Promise<ServiceResponse> {
  const bucket = call.store.bucket(call.bucket);
  const ifMatch = header(call, "if-match");
  const deletion = await deleteOne(call.store, bucket, call.key, requestedVersion(call), {
    requestId: call.request.requestId,
    ...(ifMatch === undefined ? {} : { ifMatch }),
  });
  return {
    status: 204,
    headers: {
      ...(deletion ? versionHeader(bucket, deletion.versionId) : {}),
      ...(deletion?.deleteMarker ? { "x-amz-delete-marker": "true" } : {}),
    },
  };
}

/**
 * Deletes as S3 does: a named version goes for good; without a name, a delete marker is put on top where
 * versioning is (or was) on. Deleting what is not there succeeds, without an event.
 * @returns undefined where there is nothing to tell
 * @throws AwsError PreconditionFailed, NoSuchKey for `ifMatch`
 */
export async function deleteOne(
  store: Store,
  bucket: Bucket,
  key: string,
  versionId: string | null | undefined,
  { requestId, ifMatch }: { requestId: string; ifMatch?: string },
): Promise<Deletion | undefined> {
  const check = () => {
    if (ifMatch !== undefined) checkWrite(key, bucket.index.latest(key), { "if-match": ifMatch });
  };
  if (versionId === undefined && bucket.settings.versioning !== null) {
    return store.change(
      bucket,
      { kind: "DeleteMarkerCreated", key, requestId },
      check,
      (sequence, id, modified) => {
        bucket.putDeleteMarker(key, sequence, id, modified);
        return { versionId: id, deleteMarker: true };
      },
    );
  }
  const target = bucket.index.find(key, versionId ?? null);
  if (!target) {
    check();
    return versionId === undefined ? undefined : { versionId, deleteMarker: false };
  }
  return store.change(bucket, { kind: "Delete", key, requestId, versionId: target.versionId }, check, () => {
    bucket.remove(key, target.versionId);
    return { versionId: target.versionId, deleteMarker: target.deleteMarker };
  });
}
