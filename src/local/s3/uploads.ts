import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { ChecksumAlgorithm } from "../http/checksums.ts";
import type { ObjectHeaders } from "./object-headers.ts";
import { type ChecksumType, readMetadata } from "./record.ts";
import type { Staged } from "./staging.ts";

/** What CreateMultipartUpload said; kept in `upload.json`. */
export interface UploadSettings {
  id: string;
  key: string;
  /** Milliseconds since the epoch. */
  initiated: number;
  object: ObjectHeaders;
  checksumAlgorithm?: ChecksumAlgorithm;
  checksumType?: ChecksumType;
}

/** One received part. */
export interface Part {
  partNumber: number;
  size: number;
  /** Without quotes. */
  etag: string;
  /** Milliseconds since the epoch. */
  modified: number;
  checksums: Partial<Record<ChecksumAlgorithm, string>>;
}

export interface Upload {
  settings: UploadSettings;
  parts: Map<number, Part>;
  /** Set while CompleteMultipartUpload is at work on it. */
  completing: boolean;
}

const SETTINGS_FILE = "upload.json";
const PART_FILE = /^part-(\d+)$/;

/** The multipart uploads of a bucket that are under way: a folder each, with a file a part. */
export class Uploads {
  #uploads = new Map<string, Upload>();

  constructor(private readonly directory: string) {}

  /** Uploads in listing order: by key, then by time. The order of keys is the caller's. */
  values(): Upload[] {
    return [...this.#uploads.values()];
  }

  get(id: string): Upload | undefined {
    return this.#uploads.get(id);
  }

  create(settings: Omit<UploadSettings, "id">): Upload {
    const upload: Upload = {
      settings: { id: randomBytes(24).toString("base64url"), ...settings },
      parts: new Map(),
      completing: false,
    };
    const directory = path.join(this.directory, upload.settings.id);
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(directory, `${SETTINGS_FILE}.new`), JSON.stringify(upload.settings), {
      mode: 0o600,
    });
    fs.renameSync(path.join(directory, `${SETTINGS_FILE}.new`), path.join(directory, SETTINGS_FILE));
    this.#uploads.set(upload.settings.id, upload);
    return upload;
  }

  /** Stores a part; one with the same number is replaced. */
  putPart(upload: Upload, staged: Staged, part: Part): void {
    staged.publish(this.partFile(upload, part.partNumber), part);
    upload.parts.set(part.partNumber, part);
  }

  partFile(upload: Upload, partNumber: number): string {
    return path.join(this.directory, upload.settings.id, `part-${partNumber}`);
  }

  /** Forgets an upload and removes its files. */
  remove(upload: Upload): void {
    this.#uploads.delete(upload.settings.id);
    fs.rmSync(path.join(this.directory, upload.settings.id), { recursive: true, force: true });
  }

  load(damaged: (message: string) => void): void {
    if (!fs.existsSync(this.directory)) return;
    for (const id of fs.readdirSync(this.directory)) {
      const directory = path.join(this.directory, id);
      const file = path.join(directory, SETTINGS_FILE);
      if (!fs.existsSync(file)) {
        // Its creation was broken off before it was answered.
        fs.rmSync(directory, { recursive: true, force: true });
        continue;
      }
      const settings = JSON.parse(fs.readFileSync(file, "utf8")) as UploadSettings;
      this.#uploads.set(id, { settings, parts: loadParts(directory, damaged), completing: false });
    }
  }
}

function loadParts(directory: string, damaged: (message: string) => void): Map<number, Part> {
  const parts = new Map<number, Part>();
  for (const name of fs.readdirSync(directory)) {
    if (!PART_FILE.test(name)) continue;
    const file = path.join(directory, name);
    const fd = fs.openSync(file, "r");
    try {
      const part = readMetadata<Part>(fd, file);
      parts.set(part.partNumber, part);
    } catch (error) {
      damaged((error as Error).message);
    } finally {
      fs.closeSync(fd);
    }
  }
  return parts;
}
