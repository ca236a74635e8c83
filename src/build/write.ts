import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { InvalidInputError } from "../errors.ts";
import { writeFaultReason } from "../file-fault.ts";
import { makeDirectory } from "../make-directory.ts";

/** Makes the directory of the zips. @throws InvalidInputError NOT_WRITABLE */
export async function makeOutDirectory(directory: string): Promise<void> {
  await makeDirectory(directory).catch((error) => {
    throw unwritable(directory, error);
  });
}

/**
 * Writes a file that has changed, by a rename, so that nobody reads half of it.
 * @throws InvalidInputError NOT_WRITABLE
 */
export async function replaceFile(file: string, content: Uint8Array): Promise<void> {
  const present = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw unwritable(file, error);
  });
  if (present?.equals(content)) return;
  const partial = `${file}.${randomUUID()}`;
  try {
    await writeFile(partial, content);
    await rename(partial, file);
  } catch (error) {
    // A full disk has room for no half-written zip either.
    await rm(partial, { force: true }).catch(() => undefined);
    throw unwritable(file, error);
  }
}

function unwritable(place: string, cause: unknown): InvalidInputError {
  return new InvalidInputError(`${place} cannot be written: ${writeFaultReason(cause)}.`, {
    code: "NOT_WRITABLE",
    hint: "Give --out a directory that you can write to, on a disk with free space.",
    cause,
  });
}
