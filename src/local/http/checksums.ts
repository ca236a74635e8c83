import { createHash } from "node:crypto";
import { type Crc, createCrc32, createCrc32c, createCrc64Nvme } from "./crc.ts";

/** Algorithms of S3's flexible checksums, as `x-amz-checksum-algorithm` names them. */
export const CHECKSUM_ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export const CHECKSUM_HEADER_PREFIX = "x-amz-checksum-";

/** The header or trailer that carries a checksum of this algorithm, in lower case. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `${CHECKSUM_HEADER_PREFIX}${algorithm.toLowerCase()}`;
}

/** The algorithm of a header or trailer name; undefined for any other header. */
export function algorithmOfHeader(name: string): ChecksumAlgorithm | undefined {
  const lower = name.toLowerCase();
  return CHECKSUM_ALGORITHMS.find((algorithm) => checksumHeader(algorithm) === lower);
}

/** Starts a checksum over a payload; `digest` gives the raw bytes that S3 encodes in base64. */
export function createChecksum(algorithm: ChecksumAlgorithm): Crc {
  switch (algorithm) {
    case "CRC32":
      return createCrc32();
    case "CRC32C":
      return createCrc32c();
    case "CRC64NVME":
      return createCrc64Nvme();
    case "SHA1":
    case "SHA256": {
      const hash = createHash(algorithm.toLowerCase());
      return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest() };
    }
  }
}
