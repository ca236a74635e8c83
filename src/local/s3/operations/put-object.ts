import type { ServiceResponse } from "../../service.ts";
import { type Call, quoted, versionHeader } from "../call.ts";
import { checkWrite } from "../conditions.ts";
import { objectHeaders } from "../object-headers.ts";
import { checksumHeaders, receivePayload } from "../payload.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export async function putObject({ store, request, bucket: name, key }: Call): Promise<ServiceResponse> {
  const bucket = store.bucket(name);
  const object = objectHeaders(request.headers);
  const check = () => checkWrite(key, bucket.index.latest(key), request.headers);
  check();
  const staged = await receivePayload(request, bucket.temporary);
  const type = Object.keys(staged.checksums).length > 0 ? "FULL_OBJECT" : undefined;
  const { size, md5: etag, checksums } = staged;
  try {
    return await store.change(
      bucket,
      { kind: "Put", key, size, etag, requestId: request.requestId },
      check,
      (sequence, versionId, modified) => {
        const stored = { key, sequence, versionId, size, etag, modified, checksums };
        bucket.put(staged, { ...stored, ...object, ...(type ? { checksumType: type } : {}) });
        return {
          status: 200,
          headers: {
            etag: quoted(etag),
            ...versionHeader(bucket, versionId),
            ...checksumHeaders(checksums, type),
          },
        };
      },
    );
  } catch (error) {
    staged.discard();
    throw error;
  }
}
