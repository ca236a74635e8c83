import type { ServiceResponse } from "../../service.ts";
import { type Call, isoTime, numberParameter, quoted, xmlResponse } from "../call.ts";
import { walk } from "../listing.ts";
import { SortedKeys } from "../sorted-keys.ts";
import type { Upload } from "../uploads.ts";
import { document, element, text } from "../xml.ts";
import { listParameters, MAX_PAGE, OWNER } from "./list-objects.ts";
import { findUpload } from "./multipart-upload.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export function listMultipartUploads(call: Call): ServiceResponse {
  const { query } = call.request;
  const { prefix, delimiter, maxKeys, encodingType, shown } = listParameters(call, "max-uploads");
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = keyMarker === "" ? "" : (query.get("upload-id-marker") ?? "");
  const byKey = groupByKey(call.store.bucket(call.bucket).uploads.values());
  const keys = new SortedKeys();
  for (const key of byKey.keys()) keys.add(key);
  const of = (key: string): Upload[] => {
    const uploads = byKey.get(key) ?? [];
    if (key !== keyMarker || idMarker === "") return uploads;
    return uploads.slice(uploads.findIndex(({ settings }) => settings.id === idMarker) + 1);
  };
  const page = walk(keys, { prefix, delimiter, after: keyMarker, maxKeys }, of, idMarker !== "");
  return xmlResponse(
    document(
      "ListMultipartUploadsResult",
      text("Bucket", call.bucket),
      text("KeyMarker", shown(keyMarker)),
      text("UploadIdMarker", idMarker),
      text("NextKeyMarker", page.truncated ? shown(page.last) : undefined),
      text("NextUploadIdMarker", page.truncated ? page.items.at(-1)?.settings.id : undefined),
      text("Prefix", shown(prefix)),
      text("Delimiter", delimiter === "" ? undefined : shown(delimiter)),
      text("EncodingType", encodingType),
      text("MaxUploads", maxKeys),
      text("IsTruncated", page.truncated),
      ...page.items.map(({ settings }) =>
        element(
          "Upload",
          text("Key", shown(settings.key)),
          text("UploadId", settings.id),
          OWNER,
          text("StorageClass", "STANDARD"),
          text("Initiated", isoTime(settings.initiated)),
          text("ChecksumAlgorithm", settings.checksumAlgorithm),
          text("ChecksumType", settings.checksumType),
        ),
      ),
      ...page.commonPrefixes.map((common) => element("CommonPrefixes", text("Prefix", shown(common)))),
    ),
  );
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export function listParts(call: Call): ServiceResponse {
  const { upload } = findUpload(call);
  const marker = numberParameter(call, "part-number-marker", 0);
  const maxParts = Math.min(numberParameter(call, "max-parts", MAX_PAGE), MAX_PAGE);
  const later = [...upload.parts.values()]
    .filter((part) => part.partNumber > marker)
    .sort((a, b) => a.partNumber - b.partNumber);
  const page = later.slice(0, maxParts);
  const truncated = later.length > page.length;
  return xmlResponse(
    document(
      "ListPartsResult",
      text("Bucket", call.bucket),
      text("Key", call.key),
      text("UploadId", upload.settings.id),
      OWNER,
      text("StorageClass", "STANDARD"),
      text("PartNumberMarker", marker),
      text("NextPartNumberMarker", page.at(-1)?.partNumber ?? marker),
      text("MaxParts", maxParts),
      text("IsTruncated", truncated),
      text("ChecksumAlgorithm", upload.settings.checksumAlgorithm),
      text("ChecksumType", upload.settings.checksumType),
      ...page.map((part) =>
        element(
          "Part",
          text("PartNumber", part.partNumber),
          text("LastModified", isoTime(part.modified)),
          text("ETag", quoted(part.etag)),
          text("Size", part.size),
          ...Object.entries(part.checksums).map(([algorithm, value]) => text(`Checksum${algorithm}`, value)),
        ),
      ),
    ),
  );
}

/** Uploads of each key, the oldest first. */
function groupByKey(uploads: Upload[]): Map<string, Upload[]> {
  const byKey = new Map<string, Upload[]>();
  for (const upload of uploads.sort((a, b) => a.settings.initiated - b.settings.initiated)) {
    const { key } = upload.settings;
    byKey.set(key, [...(byKey.get(key) ?? []), upload]);
  }
  return byKey;
}
