import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { InvalidInputError, UsageError } from "../../errors.ts";
import { type DayFile, KINDS, type Kind, parseDayFile } from "../../lambda/partner/process/day-file.ts";

/** A file of a day on disk. */
export interface FoundFile extends Omit<DayFile, "folder"> {
  /** Path as it was given, or found below what was given. */
  file: string;
}

export interface Found {
  /** By day, customers first. */
  files: FoundFile[];
  /** Files that were named, and are no day's. */
  rejected: { file: string; reason: string }[];
}

/**
 * Finds the days' files among paths: files, and directories with all that is below them. Other files of a directory
 * are passed over.
 * @param day only this one, `20220130`
 * @throws InvalidInputError for a path that can't be read, and where no file is found; UsageError for two of the same name
 */
export async function findFiles(paths: readonly string[], day: string | undefined): Promise<Found> {
  const found: Found = { files: [], rejected: [] };
  for (const given of paths) {
    try {
      if ((await stat(given)).isDirectory()) await takeDirectory(given, found);
      else takeFile(given, found);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      throw new InvalidInputError(
        `${given} cannot be read: ${code === "ENOENT" ? "it is not there" : message}.`,
      );
    }
  }
  const files = found.files
    .filter(({ compact }) => day === undefined || compact === day)
    .sort((a, b) => a.compact.localeCompare(b.compact) || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
  refuseTwins(files);
  if (files.length === 0 && found.rejected.length === 0) {
    const which = day === undefined ? "a day's file" : `a file of ${day}`;
    throw new InvalidInputError(`Nothing in ${paths.join(", ")} is ${which}.`, {
      hint: "Files are called customers_YYYYMMDD.csv, orders_YYYYMMDD.csv and items_YYYYMMDD.csv.",
    });
  }
  const rejected = found.rejected.filter(
    ({ file }) => day === undefined || path.basename(file).includes(day),
  );
  return { files, rejected };
}

/** Which of a day's files are not among those that are sent: `20220130 lacks items`. */
export function incompleteDays(files: readonly FoundFile[]): { day: string; lacks: Kind[] }[] {
  const days = new Map<string, Set<Kind>>();
  for (const { compact, kind } of files) days.set(compact, (days.get(compact) ?? new Set()).add(kind));
  return [...days].flatMap(([day, kinds]) => {
    const lacks = KINDS.filter((kind) => !kinds.has(kind));
    return lacks.length > 0 ? [{ day, lacks }] : [];
  });
}

async function takeDirectory(directory: string, found: Found): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    // `path` until Node 20.11, `parentPath` since.
    if (!entry.isDirectory() && /^(customers|orders|items)_/.test(entry.name)) {
      takeFile(path.join(entry.parentPath, entry.name), found);
    }
  }
}

function takeFile(file: string, found: Found): void {
  try {
    const { folder: _folder, ...dayFile } = parseDayFile(path.basename(file));
    found.files.push({ ...dayFile, file });
  } catch (error) {
    found.rejected.push({ file, reason: (error as Error).message });
  }
}

function refuseTwins(files: readonly FoundFile[]): void {
  for (const [index, { kind, compact, file }] of files.entries()) {
    const next = files[index + 1];
    if (next?.kind !== kind || next.compact !== compact) continue;
    throw new UsageError(`${file} and ${next.file} are the same file of the same day.`, {
      hint: "Name the one that is to be sent.",
    });
  }
}
