import type { ServiceRequest, ServiceResponse } from "../service.ts";
import type { Bucket } from "./bucket.ts";
import { invalidArgument, noSuchKey, noSuchVersion } from "./errors.ts";
import type { Version } from "./object-index.ts";
import type { Store } from "./store.ts";

/** One request to S3, with what it is about. */
export interface Call {
  store: Store;
  request: ServiceRequest;
  /** Empty for ListBuckets. */
  bucket: string;
  /** Empty for operations on a bucket. */
  key: string;
}

export type Operation = (call: Call) => Promise<ServiceResponse> | ServiceResponse;

/** The first value of a request header. */
export function header({ request }: Call, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * A number among the query parameters; absent or empty gives `fallback`.
 * @throws AwsError InvalidArgument when it is not a whole number from 0 on
 */
export function numberParameter({ request }: Call, name: string, fallback: number): number {
  const value = request.query.get(name);
  if (value === null || value === "") return fallback;
  if (!/^\d{1,10}$/.test(value))
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, value);
  return Number(value);
}

/** The version a request names, `null` being the null version; undefined when it names none. */
export function requestedVersion({ request }: Call): string | null | undefined {
  const versionId = request.query.get("versionId");
  if (versionId === null || versionId === "") return undefined;
  return versionId === "null" ? null : versionId;
}

/** A version found for reading, with the headers its delete marker would answer. */
export interface Found {
  bucket: Bucket;
  version: Version;
}

/**
 * The version that a request reads: the one it names, else the newest.
 * @throws AwsError NoSuchBucket, NoSuchKey, NoSuchVersion; MethodNotAllowed belongs to the caller
 */
export function findVersion(
  store: Store,
  bucketName: string,
  key: string,
  versionId: string | null | undefined,
): Found {
  const bucket = store.bucket(bucketName);
  const version = versionId === undefined ? bucket.index.latest(key) : bucket.index.find(key, versionId);
  if (versionId !== undefined && !version) throw noSuchVersion(key, versionId ?? "null");
  if (!version) throw noSuchKey(key);
  return { bucket, version };
}

/** `x-amz-version-id`, in buckets that have or had versioning. */
export function versionHeader(bucket: Bucket, versionId: string | null): Record<string, string> {
  return bucket.settings.versioning === null ? {} : { "x-amz-version-id": versionId ?? "null" };
}

export function xmlResponse(body: string, headers: Record<string, string> = {}): ServiceResponse {
  return { status: 200, headers: { "content-type": "application/xml", ...headers }, body };
}

export function quoted(etag: string): string {
  return `"${etag}"`;
}

/** Times in XML: S3 counts in seconds and writes milliseconds as zeros. */
export function isoTime(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString();
}
