import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

interface Version {
  id: string;
  body: Buffer;
  etag: string;
  modified: Date;
  deleted?: boolean;
}

/** What a crash or a fault of S3 looks like to the code under test. */
export class S3Fault extends Error {
  constructor(
    override readonly name: string,
    readonly status?: number,
  ) {
    super(name);
  }
  get $metadata() {
    return { httpStatusCode: this.status };
  }
}

/** A versioned S3 in memory, with conditional writes, multipart uploads, and faults where a test wants them. */
export class FakeS3 {
  /** Called before each command takes effect; what it throws is the client's answer. */
  before: (command: string, key: string) => void | Promise<void> = () => {};
  /** Called after a command took effect, before the client sees the answer. */
  after: (command: string, key: string) => void = () => {};
  readonly calls: string[] = [];
  readonly #objects = new Map<string, Version[]>();
  readonly #uploads = new Map<string, Map<number, Buffer>>();
  #count = 0;

  constructor(public now = () => Date.UTC(2026, 0, 2)) {}

  get client(): S3Client {
    return this as unknown as S3Client;
  }

  /** Stores an object and returns its version id. */
  put(bucket: string, key: string, body: string | Buffer): string {
    const bytes = Buffer.from(body);
    const version = {
      id: `v${++this.#count}`,
      body: bytes,
      etag: `"${createHash("md5").update(bytes).digest("hex")}"`,
      modified: new Date(this.now()),
    };
    this.#versions(bucket, key).push(version);
    return version.id;
  }

  /** Removes one version for good, or the whole object. */
  remove(bucket: string, key: string, version?: string): void {
    const kept = version === undefined ? [] : this.#versions(bucket, key).filter(({ id }) => id !== version);
    this.#objects.set(`${bucket}/${key}`, kept);
  }

  get(bucket: string, key: string): Buffer | undefined {
    return this.#versions(bucket, key).at(-1)?.body;
  }

  keys(bucket: string, prefix = ""): string[] {
    return [...this.#objects]
      .filter(([name, versions]) => name.startsWith(`${bucket}/${prefix}`) && versions.length > 0)
      .map(([name]) => name.slice(bucket.length + 1))
      .sort();
  }

  get openUploads(): number {
    return this.#uploads.size;
  }

  /** The process that calls has died: nothing it asks for takes effect, and nothing is answered. */
  dead = false;

  async send(command: { input: object }): Promise<unknown> {
    const input = command.input as Record<string, unknown> & { Bucket: string; Key: string };
    const name = command.constructor.name.replace("Command", "");
    this.calls.push(`${name} ${input.Key}`);
    await this.before(name, input.Key);
    if (this.dead) return new Promise(() => {});
    const answer = await this.#answer(command, input);
    this.after(name, input.Key);
    return this.dead ? new Promise(() => {}) : answer;
  }

  async #answer(command: object, input: Record<string, unknown> & { Bucket: string; Key: string }) {
    const versions = this.#versions(input.Bucket, input.Key);
    if (command instanceof PutObjectCommand) {
      this.#check(versions.at(-1), input);
      const VersionId = this.put(input.Bucket, input.Key, input.Body as Buffer);
      return { VersionId };
    }
    if (command instanceof GetObjectCommand || command instanceof HeadObjectCommand) {
      const found = versions.findLast(({ id }) => input.VersionId === undefined || id === input.VersionId);
      if (!found) throw new S3Fault(input.VersionId ? "NoSuchVersion" : "NoSuchKey", 404);
      if (input.IfMatch && input.IfMatch !== found.etag) throw new S3Fault("PreconditionFailed", 412);
      return answerOf(found, input.Range as string | undefined);
    }
    if (command instanceof CreateMultipartUploadCommand) {
      const UploadId = `u${++this.#count}`;
      this.#uploads.set(UploadId, new Map());
      return { UploadId };
    }
    if (command instanceof ListObjectsV2Command) {
      const keys = this.keys(input.Bucket, input.Prefix as string | undefined);
      return { Contents: keys.map((Key) => ({ Key, Size: this.get(input.Bucket, Key)?.length })) };
    }
    return this.#multipart(command, input);
  }

  #multipart(command: object, input: Record<string, unknown> & { Bucket: string; Key: string }) {
    const id = input.UploadId as string;
    const parts = this.#uploads.get(id);
    if (!parts) throw new S3Fault("NoSuchUpload", 404);
    if (command instanceof UploadPartCommand) {
      parts.set(input.PartNumber as number, input.Body as Buffer);
      return { ETag: `"${input.PartNumber}"` };
    }
    this.#uploads.delete(id);
    if (command instanceof CompleteMultipartUploadCommand) {
      this.put(
        input.Bucket,
        input.Key,
        Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part)),
      );
      return {};
    }
    if (command instanceof AbortMultipartUploadCommand) return {};
    throw new Error(`the fake has no ${command.constructor.name}`);
  }

  #check(current: Version | undefined, input: Record<string, unknown>): void {
    if (input.IfNoneMatch === "*" && current) throw new S3Fault("PreconditionFailed", 412);
    if (input.IfMatch && !current) throw new S3Fault("NoSuchKey", 404);
    if (input.IfMatch && input.IfMatch !== current?.etag) throw new S3Fault("PreconditionFailed", 412);
  }

  #versions(bucket: string, key: string): Version[] {
    const name = `${bucket}/${key}`;
    const known = this.#objects.get(name) ?? [];
    this.#objects.set(name, known);
    return known;
  }
}

function answerOf(found: Version, range?: string) {
  const [, from, to] = /bytes=(\d+)-(\d+)/.exec(range ?? "") ?? [];
  const body = from === undefined ? found.body : found.body.subarray(Number(from), Number(to) + 1);
  return {
    VersionId: found.id,
    ETag: found.etag,
    LastModified: found.modified,
    ContentLength: body.length,
    Body: Object.assign(Readable.from(body.length === 0 ? [] : chunks(body)), {
      transformToString: async () => body.toString(),
      transformToByteArray: async () => new Uint8Array(body),
    }),
  };
}

function* chunks(body: Buffer, size = 64 * 1024): Generator<Buffer> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}
