import { createHash } from "node:crypto";
import fs from "node:fs";
import { type ChecksumAlgorithm, createChecksum } from "../../http/checksums.ts";
import { AwsError, type ServiceResponse } from "../../service.ts";
import type { Bucket } from "../bucket.ts";
import { type Call, header, quoted, versionHeader, xmlResponse } from "../call.ts";
import { checkWrite } from "../conditions.ts";
import { invalidRequest, malformedXml, noSuchUpload } from "../errors.ts";
import { checksumOf } from "../payload.ts";
import type { Metadata } from "../record.ts";
import { stage } from "../staging.ts";
import type { Part, Upload } from "../uploads.ts";
import { all, document, parseXml, text, textOf, type XmlElement } from "../xml.ts";
import { findUpload } from "./multipart-upload.ts";

/** Smallest part that is not the last, in bytes (5 MiB). */
const MIN_PART_BYTES = 5 * 1024 ** 2;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export async function completeMultipartUpload(call: Call): Promise<ServiceResponse> {
  // A checksum header is that of the whole object here, not of this text.
  const body = (await call.request.bytes()).toString("utf8");
  const requested = requestedParts(parseXml(body, "CompleteMultipartUpload"));
  const repeated = completedBefore(call);
  if (repeated) return repeated;
  const { bucket, upload } = findUpload(call);
  const parts = selectParts(upload, requested);
  const check = () => checkWrite(call.key, bucket.index.latest(call.key), call.request.headers);
  check();
  upload.completing = true;
  try {
    return await assemble(call, bucket, upload, parts, check);
  } finally {
    upload.completing = false;
  }
}

async function assemble(
  call: Call,
  bucket: Bucket,
  upload: Upload,
  parts: Part[],
  check: () => void,
): Promise<ServiceResponse> {
  const { settings } = upload;
  const whole = settings.checksumType === "FULL_OBJECT" ? settings.checksumAlgorithm : undefined;
  const staged = await stage(contents(bucket, upload, parts), {
    directory: bucket.temporary,
    checksums: whole ? [whole] : [],
  });
  const { size } = staged;
  const etag = `${createHash("md5")
    .update(Buffer.from(parts.map((part) => part.etag).join(""), "hex"))
    .digest("hex")}-${parts.length}`;
  try {
    const checksums = whole ? staged.checksums : compositeChecksum(settings.checksumAlgorithm, parts);
    checkWhole(call, size, checksums);
    return await call.store.change(
      bucket,
      { kind: "CompleteMultipartUpload", key: call.key, size, etag, requestId: call.request.requestId },
      check,
      (sequence, versionId, modified) => {
        if (bucket.uploads.get(settings.id) !== upload) throw noSuchUpload(settings.id);
        const metadata: Metadata = {
          key: call.key,
          sequence,
          versionId,
          size,
          etag,
          modified,
          checksums,
          ...settings.object,
          ...(settings.checksumType ? { checksumType: settings.checksumType } : {}),
          partSizes: parts.map((part) => part.size),
          uploadId: settings.id,
        };
        bucket.put(staged, metadata);
        bucket.uploads.remove(upload);
        return answer(call, bucket, metadata);
      },
    );
  } catch (error) {
    staged.discard();
    throw error;
  }
}

function answer(call: Call, bucket: Bucket, metadata: Metadata): ServiceResponse {
  const location = `http://${call.request.headers.host ?? "localhost"}/${call.bucket}/${encodeURIComponent(call.key)}`;
  return xmlResponse(
    document(
      "CompleteMultipartUploadResult",
      text("Location", location),
      text("Bucket", call.bucket),
      text("Key", call.key),
      text("ETag", quoted(metadata.etag)),
      ...Object.entries(metadata.checksums).map(([algorithm, value]) => text(`Checksum${algorithm}`, value)),
      text("ChecksumType", metadata.checksumType),
    ),
    versionHeader(bucket, metadata.versionId),
  );
}

/** A client that missed the answer asks again; it gets the same answer while its object is the newest. */
function completedBefore(call: Call): ServiceResponse | undefined {
  const bucket = call.store.bucket(call.bucket);
  const id = call.request.query.get("uploadId") ?? "";
  const latest = bucket.index.latest(call.key);
  if (bucket.uploads.get(id) || !latest || latest.deleteMarker) return undefined;
  const metadata = bucket.metadata(call.key, latest);
  return metadata.uploadId === id ? answer(call, bucket, metadata) : undefined;
}

interface RequestedPart {
  partNumber: number;
  etag: string;
  xml: XmlElement;
}

function requestedParts(root: XmlElement): RequestedPart[] {
  const parts = all(root, "Part").map((xml) => {
    const partNumber = Number(textOf(xml, "PartNumber") || Number.NaN);
    const etag = textOf(xml, "ETag")?.replace(/^"(.*)"$/, "$1");
    if (!Number.isInteger(partNumber) || etag === undefined)
      throw malformedXml("a Part needs PartNumber and ETag");
    return { partNumber, etag, xml };
  });
  if (parts.length === 0) throw malformedXml("it names no Part");
  return parts;
}

/** @throws AwsError InvalidPart, InvalidPartOrder, EntityTooSmall */
function selectParts(upload: Upload, requested: RequestedPart[]): Part[] {
  const parts = requested.map(({ partNumber, etag, xml }, index) => {
    if (index > 0 && partNumber <= (requested[index - 1]?.partNumber ?? 0)) {
      throw new AwsError(
        "InvalidPartOrder",
        "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        400,
        { UploadId: upload.settings.id },
      );
    }
    const part = upload.parts.get(partNumber);
    const sums = Object.entries(part?.checksums ?? {});
    const differs = sums.some(
      ([algorithm, value]) => (textOf(xml, `Checksum${algorithm}`) ?? value) !== value,
    );
    if (!part || part.etag !== etag || differs) {
      throw new AwsError(
        "InvalidPart",
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        400,
        { UploadId: upload.settings.id, PartNumber: String(partNumber), ETag: etag },
      );
    }
    return part;
  });
  const small = parts.slice(0, -1).find((part) => part.size < MIN_PART_BYTES);
  if (!small) return parts;
  throw new AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, {
    ProposedSize: String(small.size),
    MinSizeAllowed: String(MIN_PART_BYTES),
    PartNumber: String(small.partNumber),
    ETag: small.etag,
  });
}

async function* contents(bucket: Bucket, upload: Upload, parts: Part[]): AsyncGenerator<Buffer> {
  for (const { partNumber, size } of parts) {
    if (size === 0) continue;
    yield* fs.createReadStream(bucket.uploads.partFile(upload, partNumber), {
      end: size - 1,
      highWaterMark: 1024 * 1024,
    }) as AsyncIterable<Buffer>;
  }
}

/** The checksum of the parts' checksums, with their number. */
function compositeChecksum(
  algorithm: ChecksumAlgorithm | undefined,
  parts: Part[],
): Partial<Record<ChecksumAlgorithm, string>> {
  if (!algorithm) return {};
  const sum = createChecksum(algorithm);
  for (const part of parts) sum.update(Buffer.from(part.checksums[algorithm] ?? "", "base64"));
  return { [algorithm]: `${sum.digest().toString("base64")}-${parts.length}` };
}

/** What the request says of the whole object must be so. @throws AwsError BadDigest, InvalidRequest */
function checkWhole(call: Call, size: number, checksums: Partial<Record<ChecksumAlgorithm, string>>): void {
  const declaredSize = header(call, "x-amz-mp-object-size");
  if (declaredSize !== undefined && Number(declaredSize) !== size) {
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${declaredSize} does not match what was computed: ${size}`,
    );
  }
  const given = checksumOf(call.request.headers);
  const computed = given && checksums[given.algorithm];
  if (!given || computed === undefined || computed === given.value) return;
  if (!given.value.includes("-") && computed.startsWith(`${given.value}-`)) return;
  throw new AwsError(
    "BadDigest",
    `The ${given.algorithm} you specified did not match the calculated checksum.`,
  );
}
