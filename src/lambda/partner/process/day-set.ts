import { createHash } from "node:crypto";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { awsError } from "../../shared/faults.ts";
import type { ObjectVersion } from "../../shared/object-events.ts";
import { type DayFile, KINDS, type Kind, siblingKey } from "./day-file.ts";
import type { Invocation } from "./invocation.ts";

/** One version of one file of a day. */
export interface FileVersion extends ObjectVersion {
  kind: Kind;
  bytes: number;
}

/** The three files of a day in the versions that they have now: what one run works on. */
export interface DaySet {
  date: string;
  /** Folder that the files lie in; the same day in another folder is another set. */
  folder: string;
  /** sha256 of the day and the three versions. */
  runId: string;
  files: Record<Kind, FileVersion>;
}

/**
 * Looks which files of a day are there, beside the one that has arrived.
 * @returns the set, or the kinds that are still to come
 */
export async function lookForSet(file: DayFile, run: Invocation): Promise<DaySet | Kind[]> {
  const found = await Promise.all(KINDS.map((kind) => currentFile(file, kind, run)));
  const missing = KINDS.filter((_kind, index) => found[index] === undefined);
  if (missing.length > 0) return missing;
  const files = found.filter((one) => one !== undefined);
  const id = createHash("sha256").update(file.date);
  for (const { key, version } of files) id.update(`\n${key}\0${version}`);
  return {
    date: file.date,
    folder: file.folder,
    runId: id.digest("hex"),
    files: Object.fromEntries(files.map((one) => [one.kind, one])) as DaySet["files"],
  };
}

/** An earlier version of a file; undefined where it was deleted since. */
export async function earlierFile(
  kind: Kind,
  { bucket, key, version }: ObjectVersion,
  run: Invocation,
): Promise<FileVersion | undefined> {
  try {
    const { ContentLength = 0 } = await run.s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: version }),
      { abortSignal: run.signal },
    );
    return { kind, bucket, key, version, bytes: ContentLength };
  } catch (error) {
    // 400: no version id, of a bucket without versions.
    if (awsError(error).status === 404 || awsError(error).status === 400) return undefined;
    throw error;
  }
}

async function currentFile(file: DayFile, kind: Kind, run: Invocation): Promise<FileVersion | undefined> {
  const bucket = run.environment.uploads;
  const key = siblingKey(file, kind);
  try {
    const head = await run.s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), {
      abortSignal: run.signal,
    });
    const version = head.VersionId ?? `etag:${head.ETag?.replaceAll('"', "")}`;
    return { kind, bucket, key, version, bytes: head.ContentLength ?? 0 };
  } catch (error) {
    if (awsError(error).status === 404) return undefined;
    throw error;
  }
}
