import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Directory of the installed package: holds dist/, src/lambda/ and terraform/. Found upwards, so that sources and bundles agree. */
export const PACKAGE_ROOT = findRoot(path.dirname(fileURLToPath(import.meta.url)));

function findRoot(start: string): string {
  let directory = start;
  while (!existsSync(path.join(directory, "package.json"))) {
    const parent = path.dirname(directory);
    if (parent === directory) throw new Error(`no package.json above ${start}`);
    directory = parent;
  }
  return directory;
}

/** The pipelines that ship with edp. */
export const PIPELINES_DIRECTORY = path.join(PACKAGE_ROOT, "terraform", "pipelines");
