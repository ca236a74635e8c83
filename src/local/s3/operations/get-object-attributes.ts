import type { ServiceResponse } from "../../service.ts";
import { type Call, findVersion, header, requestedVersion, versionHeader, xmlResponse } from "../call.ts";
import { invalidArgument, noSuchKey } from "../errors.ts";
import { document, element, text } from "../xml.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export function getObjectAttributes(call: Call): ServiceResponse {
  const wanted = new Set(
    (header(call, "x-amz-object-attributes") ?? "").split(",").map((name) => name.trim()),
  );
  if (wanted.has("")) {
    throw invalidArgument(
      "The x-amz-object-attributes header must name attributes",
      "x-amz-object-attributes",
      "",
    );
  }
  const { bucket, version } = findVersion(call.store, call.bucket, call.key, requestedVersion(call));
  if (version.deleteMarker) throw noSuchKey(call.key);
  const metadata = bucket.metadata(call.key, version);
  const checksums = Object.entries(metadata.checksums);
  const when = (name: string, content: string) => (wanted.has(name) ? content : "");
  return xmlResponse(
    document(
      "GetObjectAttributesResponse",
      when("ETag", text("ETag", metadata.etag)),
      when(
        "Checksum",
        checksums.length === 0
          ? ""
          : element(
              "Checksum",
              ...checksums.map(([algorithm, value]) => text(`Checksum${algorithm}`, value)),
              text("ChecksumType", metadata.checksumType),
            ),
      ),
      when(
        "ObjectParts",
        metadata.partSizes ? element("ObjectParts", text("PartsCount", metadata.partSizes.length)) : "",
      ),
      when("StorageClass", text("StorageClass", metadata.headers["x-amz-storage-class"] ?? "STANDARD")),
      when("ObjectSize", text("ObjectSize", metadata.size)),
    ),
    {
      "last-modified": new Date(metadata.modified).toUTCString(),
      ...versionHeader(bucket, version.versionId),
    },
  );
}
