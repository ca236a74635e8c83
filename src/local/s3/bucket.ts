import { createHash, randomFillSync } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import type { Notifications } from "./notifications.ts";
import { ObjectIndex, type Version } from "./object-index.ts";
import { type Metadata, readMetadata, readSmall, SMALL_BYTES } from "./record.ts";
import { publishEmpty, type Staged } from "./staging.ts";
import { Uploads } from "./uploads.ts";

/** What is configured of a bucket; kept in `bucket.json`. */
export interface BucketSettings {
  name: string;
  /** Milliseconds since the epoch. */
  created: number;
  /** As given in LocationConstraint; empty is us-east-1. */
  location: string;
  versioning: "Enabled" | "Suspended" | null;
  notifications: Notifications;
}

export interface StoredObject {
  metadata: Metadata;
  /** The payload from byte `start` to byte `end`, both included. */
  payload(start: number, end: number): Buffer | Readable;
}

const SETTINGS_FILE = "bucket.json";

/**
 * One bucket on disk:
 * `objects/<2 hex>/<sha256 of the key>[.<version id>]` (payload, then metadata, one file each),
 * `uploads/` (multipart uploads under way), `temporary/` (emptied at start), `bucket.json`.
 */
export class Bucket {
  readonly index = new ObjectIndex();
  readonly uploads: Uploads;
  /** Where payloads are written before they are renamed into place. */
  readonly temporary: string;
  #shards = new Set<string>();

  private constructor(
    readonly directory: string,
    public settings: BucketSettings,
  ) {
    this.temporary = path.join(directory, "temporary");
    this.uploads = new Uploads(path.join(directory, "uploads"));
  }

  /** Makes a new bucket on disk. */
  static create(directory: string, settings: BucketSettings): Bucket {
    const bucket = new Bucket(directory, settings);
    fs.mkdirSync(bucket.temporary, { recursive: true, mode: 0o700 });
    bucket.save();
    return bucket;
  }

  /**
   * Reads a bucket as an earlier engine left it; undefined where its creation was not completed.
   * @param damaged is told of each object whose file cannot be read; the file stays where it is
   */
  static load(directory: string, damaged: (message: string) => void): Bucket | undefined {
    const file = path.join(directory, SETTINGS_FILE);
    if (!fs.existsSync(file)) return undefined;
    const bucket = new Bucket(directory, JSON.parse(fs.readFileSync(file, "utf8")) as BucketSettings);
    fs.rmSync(bucket.temporary, { recursive: true, force: true });
    fs.mkdirSync(bucket.temporary, { recursive: true, mode: 0o700 });
    bucket.#loadObjects(damaged);
    bucket.uploads.load(damaged);
    return bucket;
  }

  get name(): string {
    return this.settings.name;
  }

  /** Version id for the next write: null unless versioning is enabled. */
  nextVersionId(sequence: number): string | null {
    return this.settings.versioning === "Enabled" ? versionIdOf(sequence) : null;
  }

  /** Writes the settings, so that they hold after a crash too. */
  save(settings: BucketSettings = this.settings): void {
    const fresh = path.join(this.temporary, SETTINGS_FILE);
    fs.writeFileSync(fresh, JSON.stringify(settings), { mode: 0o600 });
    fs.renameSync(fresh, path.join(this.directory, SETTINGS_FILE));
    this.settings = settings;
  }

  /** Stores an object, in one step from which on it is there after a crash too. */
  put(staged: Staged, metadata: Metadata): void {
    staged.publish(this.#place(metadata), metadata);
    this.index.put(metadata.key, versionOf(metadata));
  }

  /** Stores a delete marker. */
  putDeleteMarker(key: string, sequence: number, versionId: string | null, modified: number): void {
    const marker: Metadata = {
      key,
      sequence,
      versionId,
      modified,
      size: 0,
      etag: "",
      deleteMarker: true,
      headers: {},
      user: {},
      checksums: {},
    };
    publishEmpty(this.temporary, this.#place(marker), marker);
    this.index.put(key, versionOf(marker));
  }

  /** Removes one version for good. */
  remove(key: string, versionId: string | null): void {
    fs.rmSync(this.#file(key, versionId), { force: true });
    this.index.remove(key, versionId);
  }

  metadata(key: string, version: Version): Metadata {
    return this.#withFile(key, version, readMetadata<Metadata>);
  }

  /** Payload and metadata; `payload` must be called in the same turn, before anything can replace the file. */
  read(key: string, version: Version): StoredObject {
    if (version.size <= SMALL_BYTES) {
      const { payload, metadata } = this.#withFile(key, version, (fd, file) =>
        readSmall(fd, version.size, file),
      );
      return { metadata, payload: (start, end) => payload.subarray(start, end + 1) };
    }
    const stream = (start: number, end: number) => {
      const fd = fs.openSync(this.#file(key, version.versionId), "r");
      return fs.createReadStream("", { fd, start, end, highWaterMark: SMALL_BYTES });
    };
    return { metadata: this.metadata(key, version), payload: stream };
  }

  #withFile<T>(key: string, version: Version, use: (fd: number, file: string) => T): T {
    const file = this.#file(key, version.versionId);
    const fd = fs.openSync(file, "r");
    try {
      return use(fd, file);
    } finally {
      fs.closeSync(fd);
    }
  }

  #file(key: string, versionId: string | null): string {
    const hash = createHash("sha256").update(key).digest("hex");
    const name = versionId === null ? hash : `${hash}.${versionId}`;
    return path.join(this.directory, "objects", hash.slice(0, 2), name);
  }

  /** The file of a version to be written; its folder exists. */
  #place({ key, versionId }: Metadata): string {
    const file = this.#file(key, versionId);
    const shard = path.dirname(file);
    if (!this.#shards.has(shard)) {
      fs.mkdirSync(shard, { recursive: true, mode: 0o700 });
      this.#shards.add(shard);
    }
    return file;
  }

  #loadObjects(damaged: (message: string) => void): void {
    const root = path.join(this.directory, "objects");
    if (!fs.existsSync(root)) return;
    for (const shard of fs.readdirSync(root)) {
      const directory = path.join(root, shard);
      for (const name of fs.readdirSync(directory)) {
        const file = path.join(directory, name);
        const fd = fs.openSync(file, "r");
        try {
          const metadata = readMetadata<Metadata>(fd, file);
          this.index.put(metadata.key, versionOf(metadata));
        } catch (error) {
          damaged((error as Error).message);
        } finally {
          fs.closeSync(fd);
        }
      }
    }
  }
}

/** 32 characters; they sort newest first, as the versions are listed. */
function versionIdOf(sequence: number): string {
  const inverted = (Number.MAX_SAFE_INTEGER - sequence).toString(16).padStart(14, "0");
  const bytes = Buffer.alloc(16);
  bytes.write(inverted, "hex");
  randomFillSync(bytes, inverted.length / 2);
  return bytes.toString("hex");
}

function versionOf({ sequence, versionId, size, etag, modified, deleteMarker }: Metadata): Version {
  return { sequence, versionId, size, etag, modified, deleteMarker: deleteMarker === true };
}
