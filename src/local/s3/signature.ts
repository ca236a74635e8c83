import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { AwsError, type ServiceRequest } from "../service.ts";

type Signed = Pick<ServiceRequest, "method" | "path" | "query" | "headers">;

/** The credentials with which edp signs for the local engine; of all others the engine doesn't know the secret. */
const LOCAL = { accessKeyId: "local", secretAccessKey: "local" };
const ALGORITHM = "AWS4-HMAC-SHA256";

/**
 * Checks the signature of a URL that edp presigned for the local engine, so that such a URL is good for what it was made
 * for and nothing else, as on AWS: this method, key and query, and the headers that were signed, such as a length.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 * @throws AwsError SignatureDoesNotMatch, AccessDenied for an x-amz header that was not signed
 */
export function checkSignature(request: Signed): void {
  const { query, headers } = request;
  const signature = query.get("X-Amz-Signature");
  const [accessKeyId, ...scope] = (query.get("X-Amz-Credential") ?? "").split("/");
  if (signature === null || accessKeyId !== LOCAL.accessKeyId) return;
  const signed = (query.get("X-Amz-SignedHeaders") ?? "").split(";");
  const unsigned = Object.keys(headers).filter((name) => name.startsWith("x-amz-") && !signed.includes(name));
  if (unsigned.length > 0) {
    throw new AwsError(
      "AccessDenied",
      "There were headers present in the request which were not signed",
      403,
      { HeadersNotSigned: unsigned.join(", ") },
    );
  }
  const text = [
    ALGORITHM,
    query.get("X-Amz-Date"),
    scope.join("/"),
    createHash("sha256").update(canonicalRequest(request, signed)).digest("hex"),
  ].join("\n");
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${LOCAL.secretAccessKey}`);
  const expected = hmac(key, text);
  const given = Buffer.from(signature, "hex");
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new AwsError(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    403,
    { StringToSign: text },
  );
}

function canonicalRequest({ method, path, query, headers }: Signed, signed: readonly string[]): string {
  const parameters = [...query]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]): [string, string] => [encoded(name), encoded(value)])
    .sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1))
    .map((pair) => pair.join("="));
  const lines = signed.map((name) => {
    const value = name === "host" ? (headers.host ?? headers[":authority"]) : headers[name];
    return `${name}:${String(value ?? "")
      .trim()
      .replace(/\s+/g, " ")}\n`;
  });
  const payload = headers["x-amz-content-sha256"] ?? query.get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD";
  return [method, path, parameters.join("&"), lines.join(""), signed.join(";"), payload].join("\n");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** Percent-encoding of signatures: all but unreserved characters. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
