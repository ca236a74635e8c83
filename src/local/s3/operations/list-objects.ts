import { LOCAL_ACCOUNT, type ServiceResponse } from "../../service.ts";
import { type Call, isoTime, numberParameter, quoted, xmlResponse } from "../call.ts";
import { invalidArgument } from "../errors.ts";
import { encodeKey } from "../events.ts";
import { type KeyedVersion, listObjects } from "../listing.ts";
import { document, element, text } from "../xml.ts";

/** Most entries of one page, whatever is asked for. */
export const MAX_PAGE = 1000;

/** What is common to all listings of a bucket. */
export interface ListParameters {
  prefix: string;
  delimiter: string;
  maxKeys: number;
  encodingType: string | undefined;
  /** A key as this listing shows it: as it is, or URL-encoded. */
  shown(key: string): string;
}

/** @throws AwsError InvalidArgument */
export function listParameters(call: Call, maxName = "max-keys"): ListParameters {
  const { query } = call.request;
  const encodingType = query.get("encoding-type") ?? undefined;
  if (encodingType !== undefined && encodingType !== "url") {
    throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", encodingType);
  }
  return {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    maxKeys: Math.min(numberParameter(call, maxName, MAX_PAGE), MAX_PAGE),
    encodingType,
    shown: encodingType === "url" ? encodeKey : (key) => key,
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export function listObjectsV2(call: Call): ServiceResponse {
  const { query } = call.request;
  const { index } = call.store.bucket(call.bucket);
  const parameters = listParameters(call);
  const { prefix, delimiter, maxKeys, encodingType, shown } = parameters;
  const startAfter = query.get("start-after") ?? undefined;
  const token = query.get("continuation-token") ?? undefined;
  const page = listObjects(index, {
    prefix,
    delimiter,
    maxKeys,
    after: token ? keyOfToken(token) : (startAfter ?? ""),
  });
  const owner = query.get("fetch-owner") === "true";
  return xmlResponse(
    document(
      "ListBucketResult",
      text("Name", call.bucket),
      text("Prefix", shown(prefix)),
      text("Delimiter", delimiter === "" ? undefined : shown(delimiter)),
      text("MaxKeys", maxKeys),
      text("EncodingType", encodingType),
      text("KeyCount", page.items.length + page.commonPrefixes.length),
      text("IsTruncated", page.truncated),
      text("ContinuationToken", token),
      text("NextContinuationToken", page.truncated ? tokenOfKey(page.last) : undefined),
      text("StartAfter", startAfter === undefined ? undefined : shown(startAfter)),
      ...page.items.map((item) => contents(item, shown, owner)),
      ...page.commonPrefixes.map((common) => element("CommonPrefixes", text("Prefix", shown(common)))),
    ),
  );
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export function listObjectsV1(call: Call): ServiceResponse {
  const { index } = call.store.bucket(call.bucket);
  const { prefix, delimiter, maxKeys, encodingType, shown } = listParameters(call);
  const marker = call.request.query.get("marker") ?? "";
  const page = listObjects(index, { prefix, delimiter, maxKeys, after: marker });
  return xmlResponse(
    document(
      "ListBucketResult",
      text("Name", call.bucket),
      text("Prefix", shown(prefix)),
      text("Marker", shown(marker)),
      // S3 names the next marker only when there is a delimiter; without one it is the last key.
      text("NextMarker", page.truncated && delimiter !== "" ? shown(page.last) : undefined),
      text("Delimiter", delimiter === "" ? undefined : shown(delimiter)),
      text("MaxKeys", maxKeys),
      text("EncodingType", encodingType),
      text("IsTruncated", page.truncated),
      ...page.items.map((item) => contents(item, shown, true)),
      ...page.commonPrefixes.map((common) => element("CommonPrefixes", text("Prefix", shown(common)))),
    ),
  );
}

function contents({ key, version }: KeyedVersion, shown: (key: string) => string, owner: boolean): string {
  return element(
    "Contents",
    text("Key", shown(key)),
    text("LastModified", isoTime(version.modified)),
    text("ETag", quoted(version.etag)),
    text("Size", version.size),
    owner ? OWNER : "",
    text("StorageClass", "STANDARD"),
  );
}

export const OWNER = element("Owner", text("ID", LOCAL_ACCOUNT), text("DisplayName", "local"));

/** Tokens are opaque to clients; a key may hold anything, so it is encoded. */
function tokenOfKey(key: string): string {
  return Buffer.from(key, "utf8").toString("base64url");
}

/** @throws AwsError InvalidArgument for a token that no listing has given out */
function keyOfToken(token: string): string {
  const key = Buffer.from(token, "base64url").toString("utf8");
  if (tokenOfKey(key) === token) return key;
  throw invalidArgument("The continuation token provided is incorrect", "continuation-token", token);
}
