import type { IncomingHttpHeaders } from "node:http";
import { noSuchKey, notImplemented, preconditionFailed } from "./errors.ts";
import type { Version } from "./object-index.ts";

/**
 * Checks the conditions of a write against the newest version.
 * Source: "Add preconditions to S3 operations with conditional requests".
 * @throws AwsError PreconditionFailed (412), NoSuchKey (404) for If-Match on an absent key, NotImplemented
 *   for If-None-Match with anything but `*`
 */
export function checkWrite(key: string, latest: Version | undefined, headers: IncomingHttpHeaders): void {
  const current = latest?.deleteMarker ? undefined : latest;
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== "*") throw notImplemented("If-None-Match with an ETag on a write");
    if (current) throw preconditionFailed("If-None-Match");
  }
  const ifMatch = headers["if-match"];
  if (ifMatch === undefined) return;
  if (!current) throw noSuchKey(key);
  if (!names(ifMatch, current.etag)) throw preconditionFailed("If-Match");
}

/**
 * Checks the conditions of GET and HEAD (RFC 9110, section 13.2.2).
 * @returns whether to answer 304 Not Modified
 * @throws AwsError PreconditionFailed
 */
export function checkRead(version: Version, headers: IncomingHttpHeaders): "send" | "notModified" {
  const ifMatch = headers["if-match"];
  if (ifMatch !== undefined) {
    if (!names(ifMatch, version.etag)) throw preconditionFailed("If-Match");
  } else if (isAfter(version.modified, headers["if-unmodified-since"]) === true) {
    throw preconditionFailed("If-Unmodified-Since");
  }
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) return names(ifNoneMatch, version.etag) ? "notModified" : "send";
  return isAfter(version.modified, headers["if-modified-since"]) === false ? "notModified" : "send";
}

/** The conditions on the source of a copy, by the names that GET uses. */
export function copySourceConditions(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const one = (name: string): string | undefined => {
    const value = headers[`x-amz-copy-source-${name}`];
    return Array.isArray(value) ? value[0] : value;
  };
  return {
    "if-match": one("if-match"),
    "if-none-match": one("if-none-match"),
    "if-modified-since": one("if-modified-since"),
    "if-unmodified-since": one("if-unmodified-since"),
  };
}

function names(header: string, etag: string): boolean {
  return header
    .split(",")
    .map((item) =>
      item
        .trim()
        .replace(/^W\//, "")
        .replace(/^"(.*)"$/, "$1"),
    )
    .some((item) => item === "*" || item === etag);
}

/** Undefined when there is no such header or it is not a date: HTTP then ignores it. */
function isAfter(modifiedMs: number, date: string | undefined): boolean | undefined {
  const given = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(given) ? undefined : Math.floor(modifiedMs / 1000) > Math.floor(given / 1000);
}
