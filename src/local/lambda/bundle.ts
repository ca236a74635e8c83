import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { unzipSync } from "fflate";
import { AwsError } from "../service.ts";

export interface Bundle {
  /** Directory with the unpacked files. */
  taskRoot: string;
  /** Hash of the zip, in hex. */
  sha256: string;
  /** Size of the zip. */
  bytes: number;
}

/**
 * Unpacks a zip into `<directory>/<sha256>/`; one that lies there already is used as it is. The folder
 * appears by a rename, so a crash never leaves half a bundle behind under its final name.
 * @throws AwsError InvalidParameterValueException for a file that is missing or no zip, or that names a path
 *   outside the bundle.
 */
export async function unpackBundle(zip: string, directory: string): Promise<Bundle> {
  const content = await readFile(zip).catch((error: Error) => {
    throw new AwsError("InvalidParameterValueException", `cannot read the bundle ${zip}: ${error.message}`);
  });
  const sha256 = createHash("sha256").update(content).digest("hex");
  const taskRoot = path.join(directory, sha256);
  if (!existsSync(taskRoot)) {
    const partial = path.join(directory, `partial-${randomUUID()}`);
    await writeFiles(unzip(content, zip), partial, zip);
    await rename(partial, taskRoot);
  }
  return { taskRoot, sha256, bytes: content.length };
}

/** Deletes the bundles of a function but those in `kept` (hashes), and what a crash left half unpacked. */
export async function pruneBundles(directory: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!kept.has(name)) await rm(path.join(directory, name), { recursive: true, force: true });
  }
}

function unzip(content: Buffer, zip: string): Record<string, Uint8Array> {
  try {
    return unzipSync(content);
  } catch (error) {
    throw new AwsError("InvalidParameterValueException", `${zip} is not a zip: ${(error as Error).message}`);
  }
}

async function writeFiles(files: Record<string, Uint8Array>, root: string, zip: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files)) {
    const target = path.resolve(root, name);
    if (!target.startsWith(root + path.sep)) {
      throw new AwsError(
        "InvalidParameterValueException",
        `${zip}: the entry ${name} lies outside the bundle`,
      );
    }
    if (name.endsWith("/")) {
      await mkdir(target, { recursive: true });
      continue;
    }
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}
