import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { InvalidInputError } from "../../errors.ts";

/** What a crawl was asked for. */
export interface CrawlQuery {
  artists: string[];
  artistIds: string[];
  market: string | null;
  include: string[];
}

/** Changed with every change of the file's shape. */
const VERSION = 2;

/** Where a crawl stopped, so that a later run fetches only the rest. */
export interface Cursor extends CrawlProgress {
  version: typeof VERSION;
  /** Directory of `--out` that the crawl wrote to, absolute; null for the bucket. Only there has anything landed. */
  out: string | null;
}

/** What a crawl has done so far. */
export interface CrawlProgress {
  savedAt: string;
  query: CrawlQuery;
  /** Artist ids that names were matched to. */
  matched: Record<string, string>;
  /** Albums that have landed with all their tracks. */
  albums: string[];
  /** Tracks that have landed of other albums. */
  tracks: string[];
}

/** `.edp/<env>/ingest/spotify-cursor.json` of a project directory. */
export function cursorPath(directory: string, env: string): string {
  return path.join(directory, ".edp", env, "ingest", "spotify-cursor.json");
}

/** @throws InvalidInputError when the file is there but is no cursor. */
export async function readCursor(file: string): Promise<Cursor | undefined> {
  try {
    const cursor = JSON.parse(await readFile(file, "utf8")) as Cursor;
    if (cursor.version !== VERSION || !Array.isArray(cursor.albums))
      throw new SyntaxError("not a cursor of this version");
    return cursor;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new InvalidInputError(`${file} cannot be read: ${(error as Error).message}`, {
      hint: "Delete it to start the crawl from the beginning.",
      cause: error,
    });
  }
}

/** @param out absolute directory, or null for the bucket */
export async function writeCursor(file: string, progress: CrawlProgress, out: string | null): Promise<void> {
  const cursor: Cursor = { version: VERSION, out, ...progress };
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${JSON.stringify(cursor, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export function removeCursor(file: string): Promise<void> {
  return rm(file, { force: true });
}

export function sameQuery(one: CrawlQuery, other: CrawlQuery): boolean {
  const text = ({ artists, artistIds, market, include }: CrawlQuery) =>
    JSON.stringify([[...artists].sort(), [...artistIds].sort(), market, [...include].sort()]);
  return text(one) === text(other);
}
