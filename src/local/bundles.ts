import { copyFile, mkdir, rename } from "node:fs/promises";
import path from "node:path";

/**
 * Copies the zips of functions into the engine's own directory, so that it can start again when the build
 * directory has been cleaned. Returns where each one is kept.
 */
export async function keepBundles(
  dataDirectory: string,
  zips: Record<string, string>,
): Promise<Record<string, string>> {
  const directory = path.join(dataDirectory, "bundles");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const kept = Object.entries(zips).map(async ([name, zip]) => {
    const target = path.join(directory, `${name}.zip`);
    if (zip !== target) {
      await copyFile(zip, `${target}.new`);
      await rename(`${target}.new`, target);
    }
    return [name, target] as const;
  });
  return Object.fromEntries(await Promise.all(kept));
}
