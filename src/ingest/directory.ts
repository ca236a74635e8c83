import { createHash } from "node:crypto";
import { access, constants, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { InvalidInputError } from "../errors.ts";
import { writeFaultReason } from "../file-fault.ts";
import { makeDirectory } from "../make-directory.ts";
import type { LandingObject } from "./landing-object.ts";
import { SentIndex } from "./sent-index.ts";
import { compare, type Outcome, type Sink, SinkUnreachableError, type StoredObject } from "./sink.ts";

/** Remembers which files of a directory hold full entities; the files themselves are plain JSON. */
export const DIRECTORY_INDEX = ".edp-index.ndjson";

/** Faults that every further file would meet. */
const DISK_FAULTS = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO"]);

/** Writes objects as files under a directory, with the same names and skip rules as the bucket. */
export class DirectorySink implements Sink {
  #made = new Set<string>();

  private constructor(
    private readonly directory: string,
    private readonly index: SentIndex,
  ) {}

  /** @throws InvalidInputError when the directory cannot be made or written; a dry run makes nothing. */
  static async open(
    directory: string,
    options: { dryRun: boolean; onIndexFault(error: Error): void },
  ): Promise<DirectorySink> {
    try {
      if (!options.dryRun) {
        await makeDirectory(directory);
        await access(directory, constants.W_OK);
      }
    } catch (error) {
      throw new InvalidInputError(`${directory} cannot be written: ${writeFaultReason(error)}.`, {
        hint: "Give --out a directory that you can write to.",
        cause: error,
      });
    }
    const index = await SentIndex.open(path.join(directory, DIRECTORY_INDEX), options.onIndexFault);
    return new DirectorySink(directory, index);
  }

  async store(object: LandingObject): Promise<Outcome> {
    const verdict = await this.preview(object);
    if (verdict !== "accepted") return { status: verdict };
    const file = path.join(this.directory, object.key);
    const folder = path.dirname(file);
    if (!this.#made.has(folder)) {
      await makeDirectory(folder);
      this.#made.add(folder);
    }
    // Renamed into place whole: a reader never sees half a file, a full disk leaves none.
    const fresh = `${file}.${process.pid}.new`;
    try {
      await writeFile(fresh, object.body);
      await rename(fresh, file);
    } catch (error) {
      await rm(fresh, { force: true });
      if (!DISK_FAULTS.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
      throw new SinkUnreachableError(
        `${this.directory} takes no more files: ${writeFaultReason(error)}.`,
        error,
      );
    }
    this.index.add(object.key, { sha256: object.sha256, full: object.full, etag: "" });
    return { status: "accepted", version: null };
  }

  async preview(object: LandingObject): Promise<Outcome["status"]> {
    const stored = await this.#stored(object.key);
    const verdict = stored ? compare(object, stored) : "replace";
    return verdict === "replace" ? "accepted" : verdict;
  }

  close(): Promise<void> {
    return this.index.close();
  }

  /** The file as it is now; the index counts only while it knows these very bytes. */
  async #stored(key: string): Promise<StoredObject | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readFile(path.join(this.directory, key));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const sent = this.index.get(key);
    return { sha256, full: sent?.sha256 === sha256 && sent.full };
  }
}
