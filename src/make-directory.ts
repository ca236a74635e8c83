import { mkdir, stat } from "node:fs/promises";
import path from "node:path";

/**
 * mkdir -p. Node's own never ends where a parent takes no directories, as in /proc, and says ENOENT of a
 * read-only disk.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const make = () =>
    mkdir(directory).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST" || !(await stat(directory)).isDirectory()) throw error;
    });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    const parent = path.dirname(directory);
    if (error.code !== "ENOENT" || parent === directory) throw error;
    await makeDirectory(parent);
    await make();
  });
}
