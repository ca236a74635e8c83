import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Binaries } from "./binaries.ts";
import type { ServerUser } from "./server-user.ts";

const PREFIX = "edp-postgres-";
/** Names the data directory that a directory elsewhere belongs to. */
const OWNER = "owner";
const OTHERS_MAY_SEARCH = 0o001;

/**
 * Where the server's files lie: in the engine's data directory. Where edp is root, that is closed to the unprivileged
 * user that the server runs as; its files lie in a directory of their own then, that only this user may read.
 */
export function serverDirectory(dataDirectory: string, user: ServerUser | undefined): string {
  if (!user) return path.join(dataDirectory, "postgres", "server");
  return path.join(elsewhere(dataDirectory), "server");
}

/** Makes the directory that holds the server's, and removes those whose data directory is gone. */
export async function prepareDirectory(dataDirectory: string, user: ServerUser | undefined): Promise<void> {
  if (!user) return;
  await removeOrphans(path.dirname(elsewhere(dataDirectory)));
  const directory = elsewhere(dataDirectory);
  await mkdir(directory, { recursive: true, mode: 0o711 });
  const { uid } = await stat(directory);
  if (uid !== process.getuid?.()) throw new Error(`${directory} belongs to another user`);
  await writeFile(path.join(directory, OWNER), dataDirectory);
}

/** Removes what lies outside of the data directory; nothing there is no fault. */
export async function removeElsewhere(dataDirectory: string): Promise<void> {
  await rm(elsewhere(dataDirectory), { recursive: true, force: true });
}

/** The programs as the server's user can run them: copied, where they lie in a directory that is closed to it. */
export async function reachable(
  binaries: Binaries,
  dataDirectory: string,
  user: ServerUser | undefined,
): Promise<Binaries> {
  if (!user || (await isOpen(binaries.directory))) return binaries;
  const copy = path.join(elsewhere(dataDirectory), "native");
  await cp(path.dirname(binaries.directory), copy, { recursive: true, verbatimSymlinks: true });
  return { ...binaries, directory: path.join(copy, "bin") };
}

function elsewhere(dataDirectory: string): string {
  const hash = createHash("sha256").update(dataDirectory).digest("hex").slice(0, 16);
  // Unlike /tmp it outlives a restart of the machine.
  return path.join(process.platform === "win32" ? tmpdir() : "/var/tmp", `${PREFIX}${hash}`);
}

async function isOpen(directory: string): Promise<boolean> {
  for (let at = directory; at !== path.dirname(at); at = path.dirname(at)) {
    if (((await stat(at)).mode & OTHERS_MAY_SEARCH) === 0) return false;
  }
  return true;
}

async function removeOrphans(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = path.join(parent, name);
    const owner = await readFile(path.join(directory, OWNER), "utf8").catch(() => undefined);
    if (owner === undefined || (await exists(owner))) continue;
    await rm(directory, { recursive: true, force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
