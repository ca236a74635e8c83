import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { InvalidInputError, UsageError } from "../../errors.ts";
import { DATASETS, type Dataset, FOLDER } from "../../lambda/warehouse/run/datasets.ts";

/** A file of a batch on disk. */
export interface BatchFile {
  dataset: Dataset;
  file: string;
}

/**
 * Finds a batch's files among paths: files, and directories, with `orders_data/` below them where that is there. In the
 * order in which they are to be sent: what starts a run comes last.
 * @throws InvalidInputError for a path that can't be read, and where no file is found; UsageError for two of a dataset
 */
export async function findFiles(paths: readonly string[]): Promise<BatchFile[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat();
  const found = DATASETS.flatMap((dataset) => {
    const fitting = files.filter((file) => dataset.files.includes(path.basename(file)));
    if (fitting.length > 1) {
      throw new UsageError(`${fitting.join(" and ")} are the same part of a batch.`, {
        hint: "Name the one that is to be sent.",
      });
    }
    return fitting.map((file) => ({ dataset, file }));
  });
  if (found.length > 0) return found;
  throw new InvalidInputError(`Nothing in ${paths.join(", ")} is a file of a batch.`, { hint: NAMES });
}

/** What the files of a batch are called. */
export const NAMES = `Files are called ${DATASETS.flatMap(({ files }) => files).join(", ")}.`;

/** Names of the needed files that are not among these. */
export function lacking(files: readonly BatchFile[]): string[] {
  return DATASETS.filter(
    ({ needed, name }) => needed && !files.some(({ dataset }) => dataset.name === name),
  ).map(({ files: [name] }) => name);
}

async function filesOf(given: string): Promise<string[]> {
  try {
    if (!(await stat(given)).isDirectory()) return [given];
    const below = path.join(given, FOLDER);
    const directory = await stat(below).then(
      (found) => (found.isDirectory() ? below : given),
      () => given,
    );
    return (await readdir(directory)).map((name) => path.join(directory, name));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new InvalidInputError(
      `${given} cannot be read: ${code === "ENOENT" ? "it is not there" : message}.`,
    );
  }
}
