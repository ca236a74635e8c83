import { describe, expect, it } from "vitest";
import {
  algorithmOfHeader,
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  createChecksum,
} from "../../../../src/local/http/checksums.ts";

describe("flexible checksums", () => {
  // The check values of the CRC catalogue, and the digests of FIPS 180 tools, for the text "123456789".
  it.each<[ChecksumAlgorithm, string]>([
    ["CRC32", "cbf43926"],
    ["CRC32C", "e3069283"],
    ["CRC64NVME", "ae8b14860a799888"],
    ["SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
    ["SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"],
  ])("%s gives the published check value", (algorithm, expected) => {
    const checksum = createChecksum(algorithm);
    checksum.update(Buffer.from("123456789"));
    expect(checksum.digest().toString("hex")).toBe(expected);
  });

  it.each(CHECKSUM_ALGORITHMS)("%s does not depend on how the payload is cut", (algorithm) => {
    const payload = Buffer.from("a payload of some length, with bytes above 127: \u00ff\u0100");
    const whole = createChecksum(algorithm);
    whole.update(payload);
    const cut = createChecksum(algorithm);
    for (const byte of payload) cut.update(Buffer.of(byte));
    expect(cut.digest()).toEqual(whole.digest());
  });

  it("knows the algorithm of a header in any case, and no other header", () => {
    expect(algorithmOfHeader("X-Amz-Checksum-Crc64Nvme")).toBe("CRC64NVME");
    expect(algorithmOfHeader("x-amz-checksum-mode")).toBeUndefined();
  });
});
