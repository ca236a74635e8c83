import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { InvalidInputError, UsageError } from "../errors.ts";
import { manifestPath } from "../ingest/manifest.ts";

const EXTENSION = ".ndjson";
/** Beside a manifest, `<run>.rejects.ndjson` has what its run could not send. */
const MANIFEST = /^[^.]+\.ndjson$/;
/** Run ids named in a hint. */
const NAMED = 5;

/** Ids of the runs that this project directory knows of an environment, oldest first: ids sort by time. */
export async function listRuns(directory: string, env: string): Promise<string[]> {
  const folder = path.dirname(manifestPath(directory, env, "x"));
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .filter((name) => MANIFEST.test(name))
    .map((name) => name.slice(0, -EXTENSION.length))
    .sort();
}

/**
 * The run that is meant: by its id or the beginning of it, the newest one without.
 * @throws InvalidInputError when there is none yet; UsageError when none or several fit
 */
export async function findRun(directory: string, env: string, wanted: string | undefined): Promise<string> {
  const runs = await listRuns(directory, env);
  const newest = runs.at(-1);
  if (newest === undefined) {
    throw new InvalidInputError(
      `No run of ${env} is recorded in ${path.join(directory, ".edp", env, "runs")}.`,
      {
        code: "NO_RUN",
        hint: "Ingest something first, e.g. npx edp ingest spotify --sample 100, or change to the directory that it was run in.",
      },
    );
  }
  if (wanted === undefined) return newest;
  const fitting = runs.includes(wanted) ? [wanted] : runs.filter((run) => run.startsWith(wanted));
  const [only, another] = fitting;
  if (only !== undefined && another === undefined) return only;
  const named = (only === undefined ? runs : fitting).slice(-NAMED).join(", ");
  throw new UsageError(
    only === undefined
      ? `No run of ${env} has the id ${wanted}.`
      : `${fitting.length} runs of ${env} begin with ${wanted}.`,
    { hint: only === undefined ? `The latest: ${named}.` : `Among them: ${named}. Give more of the id.` },
  );
}

/** When a manifest was last written to, in milliseconds since the epoch. */
export async function lastWritten(manifest: string): Promise<number> {
  return (await stat(manifest)).mtimeMs;
}
