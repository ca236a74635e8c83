import type { ServiceResponse } from "../../service.ts";
import { AwsError } from "../../service.ts";
import {
  type Call,
  type Found,
  findVersion,
  header,
  quoted,
  requestedVersion,
  versionHeader,
} from "../call.ts";
import { checkRead } from "../conditions.ts";
import { ErrorWithHeaders, invalidArgument, noSuchKey } from "../errors.ts";
import { responseHeaders } from "../object-headers.ts";
import { checksumHeaders } from "../payload.ts";
import { type ByteRange, parseRange } from "../range.ts";
import type { Metadata } from "../record.ts";

/** Query parameters of a signed GET that replace response headers. */
const OVERRIDES = [
  "content-type",
  "content-language",
  "expires",
  "cache-control",
  "content-disposition",
  "content-encoding",
] as const;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export function getObject(call: Call): ServiceResponse {
  const found = findVersion(call.store, call.bucket, call.key, requestedVersion(call));
  refuseDeleteMarker(call, found);
  const unchanged = notModified(call, found);
  if (unchanged) return unchanged;
  const { metadata, payload } = found.bucket.read(call.key, found.version);
  const part = selectPart(call, metadata);
  const range = part ? part.range : parseRange(header(call, "range"), metadata.size);
  const headers = { ...describe(call, found, metadata, range), ...overrides(call), ...part?.headers };
  if (metadata.size === 0) return { status: 200, headers, body: "" };
  const { start, end } = range ?? { start: 0, end: metadata.size - 1 };
  return { status: range ? 206 : 200, headers, body: payload(start, end) };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export function headObject(call: Call): ServiceResponse {
  const found = findVersion(call.store, call.bucket, call.key, requestedVersion(call));
  refuseDeleteMarker(call, found);
  const unchanged = notModified(call, found);
  if (unchanged) return unchanged;
  const metadata = found.bucket.metadata(call.key, found.version);
  const part = selectPart(call, metadata);
  const range = part ? part.range : parseRange(header(call, "range"), metadata.size);
  return {
    status: range ? 206 : 200,
    headers: { ...describe(call, found, metadata, range), ...overrides(call), ...part?.headers },
  };
}

/** A delete marker answers 404 where it is the newest version, 405 where it is asked for by its id. */
function refuseDeleteMarker(call: Call, { bucket, version }: Found): void {
  if (!version.deleteMarker) return;
  const named = requestedVersion(call) !== undefined;
  const error = named
    ? new AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
    : noSuchKey(call.key);
  throw new ErrorWithHeaders(error, {
    "x-amz-delete-marker": "true",
    ...versionHeader(bucket, version.versionId),
    ...(named ? { "last-modified": new Date(version.modified).toUTCString() } : {}),
  });
}

function notModified(call: Call, { bucket, version }: Found): ServiceResponse | undefined {
  if (checkRead(version, call.request.headers) === "send") return undefined;
  return {
    status: 304,
    headers: {
      etag: quoted(version.etag),
      "last-modified": new Date(version.modified).toUTCString(),
      ...versionHeader(bucket, version.versionId),
    },
  };
}

function describe(
  call: Call,
  { bucket, version }: Found,
  metadata: Metadata,
  range: ByteRange | undefined,
): Record<string, string> {
  const length = range ? range.end - range.start + 1 : metadata.size;
  const wholeWithChecksum = header(call, "x-amz-checksum-mode")?.toUpperCase() === "ENABLED" && !range;
  const tags = Object.keys(metadata.tags ?? {}).length;
  return {
    ...responseHeaders(metadata),
    "accept-ranges": "bytes",
    "content-length": String(length),
    etag: quoted(metadata.etag),
    "last-modified": new Date(metadata.modified).toUTCString(),
    ...versionHeader(bucket, version.versionId),
    ...(range ? { "content-range": `bytes ${range.start}-${range.end}/${metadata.size}` } : {}),
    ...(wholeWithChecksum ? checksumHeaders(metadata.checksums, metadata.checksumType) : {}),
    ...(tags > 0 ? { "x-amz-tagging-count": String(tags) } : {}),
  };
}

function overrides({ request }: Call): Record<string, string> {
  return Object.fromEntries(
    OVERRIDES.flatMap((name) => {
      const value = request.query.get(`response-${name}`);
      return value === null ? [] : [[name, value]];
    }),
  );
}

/** `partNumber` reads one part of a multipart object; any other object is its own part 1. */
function selectPart(
  { request }: Call,
  { partSizes, size }: Metadata,
): { range: ByteRange | undefined; headers: Record<string, string> } | undefined {
  const value = request.query.get("partNumber");
  if (value === null) return undefined;
  const sizes = partSizes ?? [size];
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) {
    throw invalidArgument(
      "Part number must be an integer between 1 and 10000, inclusive",
      "partNumber",
      value,
    );
  }
  if (number > sizes.length) {
    throw new AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", 416, {
      PartNumberRequested: value,
      ActualPartCount: String(sizes.length),
    });
  }
  const start = sizes.slice(0, number - 1).reduce((sum, bytes) => sum + bytes, 0);
  return {
    range: size === 0 ? undefined : { start, end: start + (sizes[number - 1] ?? 0) - 1 },
    headers: partSizes ? { "x-amz-mp-parts-count": String(sizes.length) } : {},
  };
}
