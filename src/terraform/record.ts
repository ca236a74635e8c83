import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { InvalidInputError } from "../errors.ts";
import type { EnvironmentPaths } from "./paths.ts";

/** What edp remembers of an environment between commands, so that `status` needs no flags again. */
export interface EnvironmentRecord {
  /** As {@link parseBackend} reads it. */
  backend: string;
  project: string;
  region: string;
  /** An emulator's URL, null for AWS. */
  endpointUrl: string | null;
}

/** @returns undefined where this directory has never deployed the environment. */
export async function readRecord(paths: EnvironmentPaths): Promise<EnvironmentRecord | undefined> {
  let text: string;
  try {
    text = await readFile(paths.record, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as EnvironmentRecord;
  } catch (cause) {
    throw new InvalidInputError(`${paths.record} is not JSON.`, {
      cause,
      hint: "Delete it and deploy again with the same --backend and --region: the state itself is elsewhere.",
    });
  }
}

export async function writeRecord(paths: EnvironmentPaths, record: EnvironmentRecord): Promise<void> {
  await mkdir(paths.root, { recursive: true, mode: 0o700 });
  await writeFile(`${paths.record}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(`${paths.record}.new`, paths.record);
}
