import { AwsError, type ServiceRequest } from "../service.ts";

/** Longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** What a request is about; empty strings where it names none. */
export interface Address {
  bucket: string;
  key: string;
}

/** `bucket.s3.localhost`, `bucket.s3.us-east-1.localhost`, `bucket.localhost`, and the same of amazonaws.com. */
const VIRTUAL_HOST = /^(.+?)\.(?:s3(?:[.-][a-z0-9-]+)*\.(?:localhost|amazonaws\.com)|localhost)$/i;

/**
 * Bucket and key of a request, path-style or virtual-host style.
 * @throws AwsError InvalidURI when the path is not UTF-8 in percent-encoding, KeyTooLongError
 */
export function addressOf(request: Pick<ServiceRequest, "path" | "headers">): Address {
  const path = decode(request.path.replace(/^\//, ""), request.path);
  const host = bucketOfHost(request.headers.host ?? "");
  if (host !== undefined) return checked({ bucket: host, key: path });
  const slash = path.indexOf("/");
  if (slash === -1) return { bucket: path, key: "" };
  return checked({ bucket: path.slice(0, slash), key: path.slice(slash + 1) });
}

function bucketOfHost(host: string): string | undefined {
  const name = VIRTUAL_HOST.exec(host.replace(/:\d+$/, ""))?.[1];
  return name === undefined || /^s3([.-]|$)/.test(name) ? undefined : name;
}

/** Decodes percent-encoding; a `+` stays what it is. @throws AwsError InvalidURI */
export function decode(encoded: string, shown = encoded): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    // The only error here is broken percent-encoding, and S3 has a name for it.
    throw new AwsError("InvalidURI", "Couldn't parse the specified URI.", 400, { URI: shown });
  }
}

function checked(address: Address): Address {
  const bytes = Buffer.byteLength(address.key);
  if (bytes <= MAX_KEY_BYTES) return address;
  throw new AwsError("KeyTooLongError", "Your key is too long", 400, {
    Size: String(bytes),
    MaxSizeAllowed: String(MAX_KEY_BYTES),
  });
}
