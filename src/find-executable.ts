import { access, constants } from "node:fs/promises";
import path from "node:path";

/**
 * Finds a program as a shell does.
 * @param name on the search path, or a path
 * @returns undefined where there is none that may be run
 */
export async function findExecutable(name: string, searchPath: string): Promise<string | undefined> {
  const candidates = name.includes(path.sep)
    ? [path.resolve(name)]
    : searchPath
        .split(path.delimiter)
        .filter(Boolean)
        .map((folder) => path.join(folder, name));
  for (const candidate of candidates) {
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return undefined;
}
