import { createHash } from "node:crypto";
import { pieces, trailingChecksum } from "../http/body.ts";
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checksumHeader,
  createChecksum,
} from "../http/checksums.ts";
import { AwsError, type ServiceRequest } from "../service.ts";
import { invalidRequest } from "./errors.ts";
import { type Staged, stage } from "./staging.ts";

/** Largest payload of one PutObject or UploadPart, in bytes (5 GiB). */
const MAX_PUT_BYTES = 5 * 1024 ** 3;
/** Bytes of each algorithm's digest. */
const DIGEST_BYTES: Record<ChecksumAlgorithm, number> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

interface Expected {
  md5: string | undefined;
  sha256: string | undefined;
  checksum: { algorithm: ChecksumAlgorithm; value: string } | undefined;
}

/**
 * Takes in the payload of a request and checks every digest that came with it: Content-MD5, x-amz-checksum-*
 * as a header or trailer, and a signed payload's SHA-256.
 * @param also computed as well, for an upload that was created with this algorithm
 * @throws AwsError BadDigest, InvalidDigest, InvalidRequest, EntityTooLarge, MissingContentLength,
 *   XAmzContentSHA256Mismatch; nothing is left behind
 */
export async function receivePayload(
  request: ServiceRequest,
  directory: string,
  also?: ChecksumAlgorithm,
): Promise<Staged> {
  checkLength(request);
  const expected = expectedDigests(request);
  const algorithms = new Set<ChecksumAlgorithm>();
  if (expected.checksum) algorithms.add(expected.checksum.algorithm);
  if (also) algorithms.add(also);
  const staged = await stage(pieces(request.body), {
    directory,
    checksums: [...algorithms],
    sha256: expected.sha256 !== undefined,
  });
  try {
    compare(expected, staged);
  } catch (error) {
    staged.discard();
    throw error;
  }
  const trailing = trailingChecksum(request.body);
  if (trailing) staged.checksums[trailing.algorithm] = trailing.value;
  return staged;
}

/** The text of a small request, checked as {@link receivePayload} does. */
export async function receiveText(request: ServiceRequest): Promise<string> {
  const bytes = await request.bytes();
  const expected = expectedDigests(request);
  const sums: Partial<Record<ChecksumAlgorithm, string>> = {};
  if (expected.checksum) {
    const sum = createChecksum(expected.checksum.algorithm);
    sum.update(bytes);
    sums[expected.checksum.algorithm] = sum.digest().toString("base64");
  }
  compare(expected, {
    md5: createHash("md5").update(bytes).digest("hex"),
    sha256: createHash("sha256").update(bytes).digest("hex"),
    checksums: sums,
  });
  return bytes.toString("utf8");
}

function checkLength({ headers }: ServiceRequest): void {
  const length = headers["x-amz-decoded-content-length"] ?? headers["content-length"];
  if (length === undefined) {
    throw new AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411);
  }
  if (Number(length) > MAX_PUT_BYTES) {
    throw new AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400, {
      ProposedSize: String(length),
      MaxSizeAllowed: String(MAX_PUT_BYTES),
    });
  }
}

function expectedDigests({ headers }: ServiceRequest): Expected {
  const md5 = headers["content-md5"];
  if (md5 !== undefined && !isBase64(String(md5), 16)) {
    throw new AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.", 400);
  }
  const sha256 = String(headers["x-amz-content-sha256"] ?? "");
  return {
    md5: md5 === undefined ? undefined : Buffer.from(String(md5), "base64").toString("hex"),
    sha256: /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined,
    checksum: checksumOf(headers),
  };
}

/** The one x-amz-checksum-* header of a request. @throws AwsError InvalidRequest */
export function checksumOf(headers: ServiceRequest["headers"]): Expected["checksum"] {
  const given = CHECKSUM_ALGORITHMS.filter((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  const [algorithm] = given;
  if (algorithm === undefined) return undefined;
  if (given.length > 1) {
    throw invalidRequest(
      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    );
  }
  const value = String(headers[checksumHeader(algorithm)]);
  if (!isBase64(value.replace(/-\d+$/, ""), DIGEST_BYTES[algorithm])) {
    throw invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
  }
  return { algorithm, value };
}

function compare(
  { md5, sha256, checksum }: Expected,
  staged: Pick<Staged, "md5" | "sha256" | "checksums">,
): void {
  if (md5 !== undefined && md5 !== staged.md5) {
    throw new AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.", 400, {
      ExpectedDigest: md5,
      CalculatedDigest: staged.md5,
    });
  }
  if (checksum && checksum.value !== staged.checksums[checksum.algorithm]) {
    throw new AwsError(
      "BadDigest",
      `The ${checksum.algorithm} you specified did not match the calculated checksum.`,
      400,
    );
  }
  if (sha256 !== undefined && sha256 !== staged.sha256) {
    throw new AwsError(
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      400,
    );
  }
}

function isBase64(value: string, bytes: number): boolean {
  const decoded = Buffer.from(value, "base64");
  return decoded.length === bytes && decoded.toString("base64") === value;
}

/** Checksums as response headers. */
export function checksumHeaders(
  checksums: Partial<Record<ChecksumAlgorithm, string>>,
  type: string | undefined,
): Record<string, string> {
  const entries = CHECKSUM_ALGORITHMS.flatMap((algorithm) => {
    const value = checksums[algorithm];
    return value === undefined ? [] : [[checksumHeader(algorithm), value]];
  });
  if (entries.length > 0 && type) entries.push(["x-amz-checksum-type", type]);
  return Object.fromEntries(entries);
}
