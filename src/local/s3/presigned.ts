import { AwsError, type ServiceRequest } from "../service.ts";

/** Longest life of a presigned URL of signature version 4, in seconds (7 days). */
const MAX_EXPIRES_SECONDS = 604_800;

/**
 * Refuses a presigned URL whose time is over.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 * @throws AwsError AccessDenied, AuthorizationQueryParametersError
 */
export function checkExpiry({ query }: Pick<ServiceRequest, "query">, nowMs: number): void {
  const expiresAt = query.has("X-Amz-Signature") ? version4(query) : version2(query);
  if (expiresAt === undefined || nowMs <= expiresAt) return;
  throw new AwsError("AccessDenied", "Request has expired", 403, {
    Expires: new Date(expiresAt).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  });
}

function version4(query: URLSearchParams): number {
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get("X-Amz-Date") ?? "");
  const seconds = Number(query.get("X-Amz-Expires") || Number.NaN);
  if (!date || !Number.isInteger(seconds) || seconds < 1 || seconds > MAX_EXPIRES_SECONDS) {
    throw new AwsError(
      "AuthorizationQueryParametersError",
      "X-Amz-Date must be like 20260131T235959Z, and X-Amz-Expires between 1 and 604800 seconds",
      400,
    );
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = date.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) + seconds * 1000;
}

/** boto3 still makes such URLs unless told otherwise. */
function version2(query: URLSearchParams): number | undefined {
  if (!query.has("Signature") || !query.has("AWSAccessKeyId")) return undefined;
  const seconds = Number(query.get("Expires") || Number.NaN);
  if (Number.isNaN(seconds)) {
    throw new AwsError("AccessDenied", "Invalid date (should be seconds since epoch)", 403);
  }
  return seconds * 1000;
}

/** Parameters of a presigned URL that are about the signature; SDKs add checksums of no body, which S3 ignores. */
const OF_SIGNATURE =
  /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|checksum-.*|sdk-checksum-algorithm)$/;

/** The request with the `x-amz-` headers that its presigned URL has as parameters, such as metadata and tags. */
export function withParameterHeaders(request: ServiceRequest): ServiceRequest {
  if (!request.query.has("X-Amz-Signature")) return request;
  const moved = [...request.query]
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => name.startsWith("x-amz-") && !OF_SIGNATURE.test(name));
  if (moved.length === 0) return request;
  // Not a copy: that would make the signal of a closed connection for nothing.
  return Object.create(request, {
    headers: { value: { ...Object.fromEntries(moved), ...request.headers }, enumerable: true },
  }) as ServiceRequest;
}
