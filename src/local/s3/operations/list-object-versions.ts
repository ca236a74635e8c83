import type { ServiceResponse } from "../../service.ts";
import { type Call, isoTime, quoted, xmlResponse } from "../call.ts";
import { invalidArgument } from "../errors.ts";
import { type KeyedVersion, listVersions } from "../listing.ts";
import type { ObjectIndex } from "../object-index.ts";
import { document, element, text } from "../xml.ts";
import { listParameters, OWNER } from "./list-objects.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export function listObjectVersions(call: Call): ServiceResponse {
  const { query } = call.request;
  const { index } = call.store.bucket(call.bucket);
  const { prefix, delimiter, maxKeys, encodingType, shown } = listParameters(call);
  const keyMarker = query.get("key-marker") ?? "";
  const versionMarker = query.get("version-id-marker") || undefined;
  if (versionMarker !== undefined && keyMarker === "") {
    throw invalidArgument(
      "A version-id marker cannot be specified without a key marker.",
      "version-id-marker",
      versionMarker,
    );
  }
  const afterVersionId = versionMarker === "null" ? null : versionMarker;
  const page = listVersions(index, { prefix, delimiter, maxKeys, after: keyMarker, afterVersionId });
  const last = page.items.at(-1);
  // The page may end with a common prefix: then there is no version to go on from.
  const lastVersion = last?.key === page.last ? (last.version.versionId ?? "null") : undefined;
  return xmlResponse(
    document(
      "ListVersionsResult",
      text("Name", call.bucket),
      text("Prefix", shown(prefix)),
      text("KeyMarker", shown(keyMarker)),
      text("VersionIdMarker", versionMarker ?? ""),
      text("NextKeyMarker", page.truncated ? shown(page.last) : undefined),
      text("NextVersionIdMarker", page.truncated ? lastVersion : undefined),
      text("MaxKeys", maxKeys),
      text("Delimiter", delimiter === "" ? undefined : shown(delimiter)),
      text("EncodingType", encodingType),
      text("IsTruncated", page.truncated),
      ...page.items.map((item) => entry(index, item, shown)),
      ...page.commonPrefixes.map((common) => element("CommonPrefixes", text("Prefix", shown(common)))),
    ),
  );
}

function entry(index: ObjectIndex, { key, version }: KeyedVersion, shown: (key: string) => string): string {
  const { deleteMarker } = version;
  return element(
    deleteMarker ? "DeleteMarker" : "Version",
    text("Key", shown(key)),
    text("VersionId", version.versionId ?? "null"),
    text("IsLatest", index.latest(key) === version),
    text("LastModified", isoTime(version.modified)),
    deleteMarker
      ? ""
      : text("ETag", quoted(version.etag)) + text("Size", version.size) + text("StorageClass", "STANDARD"),
    OWNER,
  );
}
