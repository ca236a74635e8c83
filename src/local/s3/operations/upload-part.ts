import type { ServiceResponse } from "../../service.ts";
import type { Bucket } from "../bucket.ts";
import { type Call, header, isoTime, quoted, xmlResponse } from "../call.ts";
import { invalidArgument, invalidRequest, noSuchUpload } from "../errors.ts";
import { checksumHeaders, checksumOf, receivePayload } from "../payload.ts";
import { type Staged, stage } from "../staging.ts";
import type { Part, Upload } from "../uploads.ts";
import { document, text } from "../xml.ts";
import { copyOf, readSource, sourceVersionHeader } from "./copy-object.ts";
import { findUpload, partNumberOf } from "./multipart-upload.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export async function uploadPart(call: Call): Promise<ServiceResponse> {
  const { bucket, upload } = findUpload(call);
  const partNumber = partNumberOf(call);
  const { checksumAlgorithm } = upload.settings;
  const sent = checksumOf(call.request.headers)?.algorithm;
  if (checksumAlgorithm && sent && sent !== checksumAlgorithm) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${checksumAlgorithm.toLowerCase()}, actual checksum Type: ${sent.toLowerCase()}`,
    );
  }
  const staged = await receivePayload(call.request, bucket.temporary, checksumAlgorithm);
  const part = store(call, bucket, upload, partNumber, staged);
  return { status: 200, headers: { etag: quoted(part.etag), ...checksumHeaders(part.checksums, undefined) } };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export async function uploadPartCopy(call: Call): Promise<ServiceResponse> {
  const { bucket, upload } = findUpload(call);
  const partNumber = partNumberOf(call);
  const source = readSource(call);
  const { start, end } = copyRange(call, source.metadata.size);
  const { checksumAlgorithm } = upload.settings;
  const staged = await stage(copyOf(source, start, end), {
    directory: bucket.temporary,
    checksums: checksumAlgorithm ? [checksumAlgorithm] : [],
  });
  const part = store(call, bucket, upload, partNumber, staged);
  return xmlResponse(
    document(
      "CopyPartResult",
      text("LastModified", isoTime(part.modified)),
      text("ETag", quoted(part.etag)),
      ...Object.entries(part.checksums).map(([algorithm, value]) => text(`Checksum${algorithm}`, value)),
    ),
    sourceVersionHeader(source),
  );
}

function store(call: Call, bucket: Bucket, upload: Upload, partNumber: number, staged: Staged): Part {
  // The upload may have been aborted or completed while its part came in.
  if (bucket.uploads.get(upload.settings.id) !== upload || upload.completing) {
    staged.discard();
    throw noSuchUpload(upload.settings.id);
  }
  const { size, md5: etag, checksums } = staged;
  const part: Part = { partNumber, size, etag, checksums, modified: call.store.now() };
  bucket.uploads.putPart(upload, staged, part);
  return part;
}

function copyRange(call: Call, size: number): { start: number; end: number } {
  const given = header(call, "x-amz-copy-source-range");
  if (given === undefined) return { start: 0, end: size - 1 };
  const match = /^bytes=(\d+)-(\d+)$/.exec(given);
  const start = Number(match?.[1] ?? Number.NaN);
  const end = Number(match?.[2] ?? Number.NaN);
  if (start <= end && end < size) return { start, end };
  throw invalidArgument(
    `Range specified is not valid for source object of size: ${size}`,
    "x-amz-copy-source-range",
    given,
  );
}
