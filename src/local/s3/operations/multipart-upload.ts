import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from "../../http/checksums.ts";
import { AwsError, type ServiceResponse } from "../../service.ts";
import type { Bucket } from "../bucket.ts";
import { type Call, header, xmlResponse } from "../call.ts";
import { invalidArgument, invalidRequest, noSuchUpload } from "../errors.ts";
import { objectHeaders } from "../object-headers.ts";
import type { ChecksumType } from "../record.ts";
import type { Upload } from "../uploads.ts";
import { document, text } from "../xml.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export function createMultipartUpload(call: Call): ServiceResponse {
  const bucket = call.store.bucket(call.bucket);
  const checksum = requestedChecksum(call);
  const { settings } = bucket.uploads.create({
    key: call.key,
    initiated: call.store.now(),
    object: objectHeaders(call.request.headers),
    ...checksum,
  });
  return xmlResponse(
    document(
      "InitiateMultipartUploadResult",
      text("Bucket", call.bucket),
      text("Key", call.key),
      text("UploadId", settings.id),
    ),
    checksum
      ? {
          "x-amz-checksum-algorithm": checksum.checksumAlgorithm,
          "x-amz-checksum-type": checksum.checksumType,
        }
      : {},
  );
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export function abortMultipartUpload(call: Call): ServiceResponse {
  const { bucket, upload } = findUpload(call);
  bucket.uploads.remove(upload);
  return { status: 204 };
}

/** The upload a request names. @throws AwsError NoSuchBucket, NoSuchUpload */
export function findUpload(call: Call): { bucket: Bucket; upload: Upload } {
  const bucket = call.store.bucket(call.bucket);
  const id = call.request.query.get("uploadId") ?? "";
  const upload = bucket.uploads.get(id);
  if (!upload || upload.settings.key !== call.key || upload.completing) throw noSuchUpload(id);
  return { bucket, upload };
}

/** @throws AwsError InvalidArgument */
export function partNumberOf({ request }: Call): number {
  const value = request.query.get("partNumber") ?? "";
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= 10_000) return number;
  throw invalidArgument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", value);
}

/**
 * The checksum of the whole upload. CRC-64/NVME is always over the whole object, SHA always composite.
 * Source: "Checking object integrity in Amazon S3", multipart uploads.
 */
function requestedChecksum(
  call: Call,
): { checksumAlgorithm: ChecksumAlgorithm; checksumType: ChecksumType } | undefined {
  const name = header(call, "x-amz-checksum-algorithm")?.toUpperCase();
  const type = header(call, "x-amz-checksum-type")?.toUpperCase();
  if (name === undefined) {
    if (type !== undefined)
      throw invalidRequest("The x-amz-checksum-type header needs x-amz-checksum-algorithm.");
    return undefined;
  }
  const checksumAlgorithm = CHECKSUM_ALGORITHMS.find((known) => known === name);
  if (!checksumAlgorithm) throw invalidRequest("Checksum algorithm provided is unsupported.");
  const checksumType = type ?? (checksumAlgorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE");
  if (checksumType !== "FULL_OBJECT" && checksumType !== "COMPOSITE") {
    throw invalidRequest("Value for x-amz-checksum-type header is invalid.");
  }
  const impossible =
    checksumType === "FULL_OBJECT" ? checksumAlgorithm.startsWith("SHA") : checksumAlgorithm === "CRC64NVME";
  if (impossible) {
    throw new AwsError(
      "InvalidRequest",
      `The ${checksumType} checksum type cannot be used with the ${checksumAlgorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { checksumAlgorithm, checksumType };
}
