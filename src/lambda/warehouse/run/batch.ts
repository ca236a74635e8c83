import { HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { awsError } from "../../shared/faults.ts";
import { DATASETS, type Dataset, type DatasetName, FOLDER } from "./datasets.ts";

/**
 * User metadata with which an upload says how its batch is to be run, without S3's `x-amz-meta-` prefix. Files that
 * came together have the same `edp-batch`.
 */
export const METADATA = { asOf: "edp-as-of", force: "edp-force", batch: "edp-batch" } as const;

/** The version of a file that a run uses. */
export interface FileVersion {
  dataset: DatasetName;
  bucket: string;
  key: string;
  versionId: string;
  bytes: number;
  /** ISO 8601 in UTC, whole seconds. */
  lastModified: string;
  metadata: Readonly<Record<string, string>>;
}

/** The newest version of each dataset's files; a dataset without one is left out. */
export type Batch = ReadonlyMap<DatasetName, FileVersion>;

/** Looks up the current version of every file that a batch may have: one HeadObject a name. */
export async function latestBatch(s3: S3Client, bucket: string, signal?: AbortSignal): Promise<Batch> {
  const found = await Promise.all(
    DATASETS.flatMap((dataset) => dataset.files.map((file) => head(s3, bucket, dataset, file, signal))),
  );
  const batch = new Map<DatasetName, FileVersion>();
  for (const version of found) {
    if (!version) continue;
    const other = batch.get(version.dataset);
    if (!other || version.lastModified > other.lastModified) batch.set(version.dataset, version);
  }
  return batch;
}

async function head(
  s3: S3Client,
  bucket: string,
  dataset: Dataset,
  file: string,
  signal: AbortSignal | undefined,
): Promise<FileVersion | undefined> {
  const key = `${FOLDER}${file}`;
  try {
    const found = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    return {
      dataset: dataset.name,
      bucket,
      key,
      versionId: found.VersionId ?? `etag:${found.ETag?.replaceAll('"', "")}`,
      bytes: found.ContentLength ?? 0,
      lastModified: (found.LastModified ?? new Date(0)).toISOString(),
      metadata: found.Metadata ?? {},
    };
  } catch (error) {
    if (awsError(error).status === 404) return undefined;
    throw error;
  }
}

/** What of a file a run has used, as the ledger keeps it. */
export type UsedFile = Pick<FileVersion, "dataset" | "key" | "versionId" | "lastModified">;

/**
 * Names of the files that a batch still waits for: of the needed datasets, those whose newest version is missing or
 * not newer than what the last successful run has used. Where the file that arrived came together with others, those have to
 * be there, too: they are not mixed with what an earlier upload left.
 */
export function waitingFor(batch: Batch, used: readonly UsedFile[], arrived: Arrived): string[] {
  const together = newestFirst(batch, arrived)[0]?.metadata[METADATA.batch];
  return DATASETS.filter(({ needed }) => needed)
    .filter(({ name }) => {
      const version = batch.get(name);
      const before = used.find(({ dataset }) => dataset === name);
      return !isNewer(version, before) || version?.metadata[METADATA.batch] !== together;
    })
    .map(({ name, files }) => {
      const key = used.find(({ dataset }) => dataset === name)?.key ?? batch.get(name)?.key;
      return key?.slice(FOLDER.length) ?? files[0];
    });
}

/** The needed file that came last. */
export function newestOf(batch: Batch): FileVersion | undefined {
  return newestFirst(batch, { key: "", versionId: "" })[0];
}

/** The object version that an event tells of. */
export type Arrived = Pick<FileVersion, "key" | "versionId">;

/**
 * The needed files; optional ones may be of long ago. S3's times are whole seconds, so the file that arrived is the
 * newest of its second.
 */
function newestFirst(batch: Batch, arrived: Arrived): FileVersion[] {
  const needed = DATASETS.filter((dataset) => dataset.needed).flatMap(({ name }) => batch.get(name) ?? []);
  const isArrived = ({ key, versionId }: FileVersion) =>
    key === arrived.key && versionId === arrived.versionId ? 1 : 0;
  return needed.sort((a, b) => b.lastModified.localeCompare(a.lastModified) || isArrived(b) - isArrived(a));
}

function isNewer(version: FileVersion | undefined, used: UsedFile | undefined): boolean {
  if (!version) return false;
  if (!used) return true;
  const same = version.key === used.key && version.versionId === used.versionId;
  // S3 has whole seconds: two versions of one second differ by their ids, and the current one is the newer.
  return !same && version.lastModified >= used.lastModified;
}

/** What the newest uploads say of how to run the batch. */
export function batchSettings(batch: Batch, arrived: Arrived): { asOf: string | undefined; force: boolean } {
  const versions = newestFirst(batch, arrived);
  return {
    asOf: versions.find(({ metadata }) => metadata[METADATA.asOf])?.metadata[METADATA.asOf],
    force: versions.some(({ metadata }) => metadata[METADATA.force] === "true"),
  };
}
