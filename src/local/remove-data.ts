import { readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { readdir, rename } from "node:fs/promises";
import path from "node:path";
import { isAlive } from "./process-alive.ts";

/**
 * Moves a data directory aside, so that from now on nobody finds half of it, and returns what deletes it: that, and
 * what an earlier deletion that was broken off left behind. A directory that is not there is no error.
 */
export async function setAside(directory: string): Promise<() => Promise<void>> {
  const root = path.dirname(directory);
  const prefix = `${path.basename(directory)}.removed-`;
  try {
    await rename(directory, path.join(root, `${prefix}${process.pid}-${Date.now()}`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  // What another process is deleting right now is its own.
  const left = (await readdir(root)).filter((name) => {
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    return name.startsWith(prefix) && (pid === process.pid || !isAlive(pid));
  });
  return async () => {
    for (const name of left) await removeTree(path.join(root, name));
  };
}

/**
 * Deletes a directory of many files. Synchronous calls, a directory at a time, need a third of the processor time of
 * `fs.promises.rm`, which looks at every file and sends it through the thread pool.
 */
async function removeTree(directory: string): Promise<void> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const name = path.join(directory, entry.name);
    if (entry.isDirectory()) await removeTree(name);
    else unlinkSync(name);
  }
  rmdirSync(directory);
  await new Promise(setImmediate);
}
