import type { IncomingHttpHeaders } from "node:http";
import { AwsError } from "../service.ts";
import { invalidArgument } from "./errors.ts";

const USER_PREFIX = "x-amz-meta-";
/** Names and values of user metadata together, in bytes. */
const MAX_USER_BYTES = 2 * 1024;
/** System metadata that a client sets and gets back. */
const SYSTEM = [
  "content-type",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
  "x-amz-website-redirect-location",
  "x-amz-storage-class",
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "x-amz-server-side-encryption-bucket-key-enabled",
] as const;
const DEFAULT_CONTENT_TYPE = "binary/octet-stream";

/** Headers that ask for something the engine does not have: a silent success would deceive. */
const REFUSED =
  /^x-amz-(object-lock-|server-side-encryption-customer-|copy-source-server-side-encryption-customer-|grant-|write-offset-bytes)/;
/** With object ownership enforced, S3's default, these are the only ACLs a bucket takes. */
const ALLOWED_ACLS = new Set(["private", "bucket-owner-full-control"]);

export interface ObjectHeaders {
  headers: Record<string, string>;
  user: Record<string, string>;
  tags?: Record<string, string>;
}

/**
 * What a request says about the object it writes.
 * @throws AwsError NotImplemented, AccessControlListNotSupported, MetadataTooLarge, InvalidTag
 */
export function objectHeaders(incoming: IncomingHttpHeaders): ObjectHeaders {
  const user: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming)) {
    if (REFUSED.test(name)) {
      throw new AwsError(
        "NotImplemented",
        "A header you provided implies functionality that edp's local engine does not have",
        501,
        { Header: name },
      );
    }
    if (name.startsWith(USER_PREFIX)) user[name.slice(USER_PREFIX.length)] = decodeValue(String(value));
  }
  checkAcl(incoming);
  checkUserSize(user);
  const tags = incoming["x-amz-tagging"];
  return {
    headers: systemHeaders(incoming),
    user,
    ...(tags === undefined ? {} : { tags: parseTagHeader(String(tags)) }),
  };
}

/** @throws AwsError AccessControlListNotSupported */
export function checkAcl(incoming: IncomingHttpHeaders): void {
  const acl = incoming["x-amz-acl"];
  if (acl === undefined || ALLOWED_ACLS.has(String(acl))) return;
  throw new AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);
}

function systemHeaders(incoming: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = { "content-type": DEFAULT_CONTENT_TYPE };
  for (const name of SYSTEM) {
    const value = incoming[name];
    if (value !== undefined && value !== "") headers[name] = utf8(String(value));
  }
  const codings = headers["content-encoding"]?.split(",").map((coding) => coding.trim());
  const kept = codings?.filter((coding) => coding !== "aws-chunked").join(",");
  if (kept) headers["content-encoding"] = kept;
  else delete headers["content-encoding"];
  return headers;
}

/** Stored metadata as response headers. */
export function responseHeaders({
  headers,
  user,
}: Pick<ObjectHeaders, "headers" | "user">): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    // S3 names the storage class of an object only when it is not the standard one.
    if (name !== "x-amz-storage-class" || value !== "STANDARD") out[name] = latin1(value);
  }
  for (const [name, value] of Object.entries(user)) out[`${USER_PREFIX}${name}`] = encodeValue(value);
  return out;
}

function checkUserSize(user: Record<string, string>): void {
  const bytes = Object.entries(user).reduce(
    (sum, [k, v]) => sum + Buffer.byteLength(k) + Buffer.byteLength(v),
    0,
  );
  if (bytes <= MAX_USER_BYTES) return;
  throw new AwsError(
    "MetadataTooLarge",
    "Your metadata headers exceed the maximum allowed metadata size",
    400,
    {
      Size: String(bytes),
      MaxSizeAllowed: String(MAX_USER_BYTES),
    },
  );
}

/** `a=1&b=2`, as x-amz-tagging has it. @throws AwsError InvalidArgument, InvalidTag */
function parseTagHeader(header: string): Record<string, string> {
  const pairs = [...new URLSearchParams(header)];
  const tags = Object.fromEntries(pairs);
  if (Object.keys(tags).length !== pairs.length) {
    throw invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      "x-amz-tagging",
      header,
    );
  }
  checkTags(tags);
  return tags;
}

/** Limits of object tags: 10 a object, keys up to 128 and values up to 256 characters. @throws AwsError */
export function checkTags(tags: Record<string, string>): void {
  const entries = Object.entries(tags);
  if (entries.length > 10) throw new AwsError("BadRequest", "Object tags cannot be greater than 10", 400);
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > 128) {
      throw new AwsError("InvalidTag", "The TagKey you have provided is invalid", 400, { TagKey: key });
    }
    if (value.length > 256) {
      throw new AwsError("InvalidTag", "The TagValue you have provided is invalid", 400, { TagKey: key });
    }
  }
}

/** Node gives header bytes as Latin-1; clients send UTF-8, or Latin-1 when it isn't valid UTF-8. */
function utf8(value: string): string {
  const decoded = Buffer.from(value, "latin1").toString("utf8");
  return decoded.includes("\ufffd") ? value : decoded;
}

function latin1(value: string): string {
  return Buffer.from(value, "utf8").toString("latin1");
}

const ENCODED_WORD = /=\?utf-8\?([bq])\?([^?]*)\?=/gi;

/** S3 decodes user metadata as RFC 2047 before storing it and encodes what is not ASCII when it answers. */
function decodeValue(value: string): string {
  return utf8(value).replace(ENCODED_WORD, (_word, encoding: string, content: string) =>
    encoding.toLowerCase() === "b"
      ? Buffer.from(content, "base64").toString("utf8")
      : Buffer.from(
          content
            .replaceAll("_", " ")
            .replace(/=([0-9A-Fa-f]{2})/g, (_hex, code: string) =>
              String.fromCharCode(Number.parseInt(code, 16)),
            ),
          "latin1",
        ).toString("utf8"),
  );
}

function encodeValue(value: string): string {
  return /^[\x20-\x7e]*$/.test(value)
    ? value
    : `=?UTF-8?B?${Buffer.from(value, "utf8").toString("base64")}?=`;
}
