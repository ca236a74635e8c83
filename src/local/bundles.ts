import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename } from "node:fs/promises";
import path from "node:path";

/** A function's zip in the engine's keeping. */
export interface KeptBundle {
  path: string;
  /** Hex. */
  sha256: string;
}

/**
 * Copies the zips of functions into the engine's own directory, so that it can start again when the build
 * directory has been cleaned. Returns where each one is kept, by its name.
 */
export async function keepBundles(
  dataDirectory: string,
  zips: Record<string, string>,
): Promise<Record<string, KeptBundle>> {
  const directory = path.join(dataDirectory, "bundles");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const kept = Object.entries(zips).map(async ([name, zip]) => {
    const target = path.join(directory, `${name}.zip`);
    if (zip !== target) {
      await copyFile(zip, `${target}.new`);
      await rename(`${target}.new`, target);
    }
    const sha256 = createHash("sha256")
      .update(await readFile(target))
      .digest("hex");
    return [name, { path: target, sha256 }] as const;
  });
  return Object.fromEntries(await Promise.all(kept));
}
