import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from "../../http/checksums.ts";
import { AwsError, type ServiceResponse } from "../../service.ts";
import { decode } from "../address.ts";
import type { Bucket, StoredObject } from "../bucket.ts";
import { type Call, findVersion, header, isoTime, quoted, versionHeader, xmlResponse } from "../call.ts";
import { checkRead, checkWrite, copySourceConditions } from "../conditions.ts";
import { invalidArgument, invalidRequest, preconditionFailed } from "../errors.ts";
import { type ObjectHeaders, objectHeaders } from "../object-headers.ts";
import { stage } from "../staging.ts";
import { document, text } from "../xml.ts";

/** Largest object that CopyObject takes, in bytes (5 GiB); larger ones are copied in parts. */
const MAX_COPY_BYTES = 5 * 1024 ** 3;

export interface CopySource extends StoredObject {
  bucket: Bucket;
  versionId: string | null;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export async function copyObject(call: Call): Promise<ServiceResponse> {
  const { store, request, key } = call;
  const bucket = store.bucket(call.bucket);
  const source = readSource(call);
  const { metadata } = source;
  if (metadata.size > MAX_COPY_BYTES) {
    throw invalidRequest(
      "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
    );
  }
  const object = copiedHeaders(call, source, bucket);
  const algorithms = wantedAlgorithms(call, source);
  const check = () => checkWrite(key, bucket.index.latest(key), request.headers);
  const staged = await stage(copyOf(source, 0, metadata.size - 1), {
    directory: bucket.temporary,
    checksums: algorithms,
  });
  const { size, md5: etag, checksums } = staged;
  try {
    return await store.change(
      bucket,
      { kind: "Copy", key, size, etag, requestId: request.requestId },
      check,
      (sequence, versionId, modified) => {
        const type = algorithms.length > 0 ? { checksumType: "FULL_OBJECT" as const } : {};
        bucket.put(staged, { key, sequence, versionId, size, etag, modified, checksums, ...type, ...object });
        return xmlResponse(
          document(
            "CopyObjectResult",
            text("LastModified", isoTime(modified)),
            text("ETag", quoted(etag)),
            ...Object.entries(checksums).map(([algorithm, value]) => text(`Checksum${algorithm}`, value)),
          ),
          { ...versionHeader(bucket, versionId), ...sourceVersionHeader(source) },
        );
      },
    );
  } catch (error) {
    staged.discard();
    throw error;
  }
}

/**
 * The object named by x-amz-copy-source, once its conditions hold.
 * @throws AwsError NoSuchBucket, NoSuchKey, NoSuchVersion, PreconditionFailed, InvalidArgument
 */
export function readSource(call: Call): CopySource {
  const given = header(call, "x-amz-copy-source") ?? "";
  const [path = "", query = ""] = given.replace(/^\//, "").split(/\?(?=versionId=)/);
  const decoded = decode(path, given);
  const slash = decoded.indexOf("/");
  if (slash < 1 || slash === decoded.length - 1) {
    throw invalidArgument("Invalid copy source object key", "x-amz-copy-source", given);
  }
  const named = new URLSearchParams(query).get("versionId");
  const key = decoded.slice(slash + 1);
  const versionId = named === null ? undefined : named === "null" ? null : named;
  const { bucket, version } = findVersion(call.store, decoded.slice(0, slash), key, versionId);
  if (version.deleteMarker) {
    throw versionId === undefined
      ? new AwsError("NoSuchKey", "The specified key does not exist.", 404, { Key: key })
      : invalidRequest(
          "The source of a copy request may not specifically refer to a delete marker by version id.",
        );
  }
  const conditions = copySourceConditions(call.request.headers);
  if (checkRead(version, conditions) === "notModified") throw preconditionFailed("x-amz-copy-source");
  return { bucket, versionId: version.versionId, ...bucket.read(key, version) };
}

/** The bytes of a source, in pieces. Must be begun in the turn in which the source was read. */
export function copyOf(source: CopySource, start: number, end: number): AsyncIterable<Buffer> {
  if (end < start) return once([]);
  const payload = source.payload(start, end);
  return Buffer.isBuffer(payload) ? once([payload]) : payload;
}

export function sourceVersionHeader({ bucket, versionId }: CopySource): Record<string, string> {
  return bucket.settings.versioning === null ? {} : { "x-amz-copy-source-version-id": versionId ?? "null" };
}

async function* once(buffers: Buffer[]): AsyncGenerator<Buffer> {
  yield* buffers;
}

function copiedHeaders(call: Call, source: CopySource, destination: Bucket): ObjectHeaders {
  const given = objectHeaders(call.request.headers);
  const replaced = directive(call, "x-amz-metadata-directive") === "REPLACE";
  const retagged = directive(call, "x-amz-tagging-directive") === "REPLACE";
  const { headers, user, tags } = source.metadata;
  const onItself = source.bucket === destination && source.metadata.key === call.key;
  const newClass = given.headers["x-amz-storage-class"] ?? given.headers["x-amz-server-side-encryption"];
  if (
    onItself &&
    !replaced &&
    newClass === undefined &&
    source.versionId === (destination.index.latest(call.key)?.versionId ?? null)
  ) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const kept = retagged ? given.tags : tags;
  return { ...(replaced ? given : { headers, user }), ...(kept ? { tags: kept } : { tags: undefined }) };
}

function directive(call: Call, name: string): "COPY" | "REPLACE" {
  const value = header(call, name) ?? "COPY";
  if (value !== "COPY" && value !== "REPLACE")
    throw invalidArgument(`Unknown ${name} directive.`, name, value);
  return value;
}

/** The algorithms of the source, or the one the request asks for. @throws AwsError InvalidRequest */
function wantedAlgorithms(call: Call, source: CopySource): ChecksumAlgorithm[] {
  const asked = header(call, "x-amz-checksum-algorithm")?.toUpperCase();
  const known = CHECKSUM_ALGORITHMS.filter((algorithm) =>
    asked === undefined ? source.metadata.checksums[algorithm] !== undefined : algorithm === asked,
  );
  if (asked !== undefined && known.length === 0) throw invalidRequest(`${asked} is no checksum algorithm`);
  return known;
}
