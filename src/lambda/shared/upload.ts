import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

/** S3 takes parts from 5 MiB on; larger ones make fewer requests. */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * One object that grows: a plain PutObject while it stays small, a multipart upload beyond. Nothing of it
 * can be seen before `complete`. Memory: two parts, as long as the writer awaits `drain`.
 */
export class Upload {
  bytes = 0;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #uploadId: string | undefined;
  #parts: CompletedPart[] = [];

  constructor(
    private readonly s3: S3Client,
    private readonly target: { Bucket: string; Key: string },
    private readonly signal?: AbortSignal,
    private readonly contentType = PARQUET,
  ) {}

  push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#buffered += bytes.length;
    this.bytes += bytes.length;
  }

  /** Sends what is more than a part. Await it between pushes; not to be called twice at a time. */
  async drain(): Promise<void> {
    if (this.#buffered >= PART_BYTES) await this.#sendPart();
  }

  /** Makes the object visible, whole. @throws when S3 refuses; whether it exists is then not known. */
  async complete(): Promise<void> {
    if (this.#uploadId === undefined) {
      const Body = Buffer.concat(this.#chunks);
      await this.s3.send(
        new PutObjectCommand({ ...this.target, Body, ContentType: this.contentType }),
        this.#options(),
      );
      return;
    }
    if (this.#buffered > 0) await this.#sendPart();
    await this.s3.send(
      new CompleteMultipartUploadCommand({
        ...this.target,
        UploadId: this.#uploadId,
        MultipartUpload: { Parts: this.#parts },
      }),
      this.#options(),
    );
  }

  /** Drops what was sent. Parts that even this leaves behind are what the bucket's lifecycle rule is for. */
  async abort(): Promise<void> {
    this.#chunks = [];
    if (this.#uploadId === undefined) return;
    await this.s3.send(new AbortMultipartUploadCommand({ ...this.target, UploadId: this.#uploadId }));
  }

  async #sendPart(): Promise<void> {
    const Body = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#buffered = 0;
    if (this.#uploadId === undefined) {
      const created = await this.s3.send(
        new CreateMultipartUploadCommand({ ...this.target, ContentType: this.contentType }),
        this.#options(),
      );
      this.#uploadId = created.UploadId;
    }
    const PartNumber = this.#parts.length + 1;
    const sent = await this.s3.send(
      new UploadPartCommand({ ...this.target, UploadId: this.#uploadId, PartNumber, Body }),
      this.#options(),
    );
    this.#parts.push({ PartNumber, ETag: sent.ETag });
  }

  #options() {
    return { abortSignal: this.signal };
  }
}

/** https://www.iana.org/assignments/media-types/application/vnd.apache.parquet */
const PARQUET = "application/vnd.apache.parquet";
