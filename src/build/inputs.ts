import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";

/** What a bundle was made of: enough to tell, without bundling, that it would come out the same again. */
export interface BuildInputs {
  /** SHA-256 of each source by its path from the root. */
  sources: Record<string, string>;
  /** SHA-256 of the package.json of each dependency, whose files go with its version, by its path as `node_modules/NAME`. */
  packages: Record<string, string>;
}

/** The path of a package in the place where it is installed; the last of a nest is the package itself. */
const PACKAGE = /^(?:\.\.\/)*(?:.*?\/)??(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//;

/**
 * Fingerprints what was bundled.
 * @param files paths from the root, with `/`, as esbuild's metafile has them
 */
export async function fingerprint(root: string, files: readonly string[]): Promise<BuildInputs> {
  const sources = files.filter((file) => !PACKAGE.test(file));
  const packages = new Set(files.flatMap((file) => PACKAGE.exec(file)?.[1] ?? []));
  return {
    sources: await hashes(sources, (file) => hashOf(path.join(root, file))),
    packages: await hashes([...packages], (name) => hashOfPackage(root, name)),
  };
}

/** Tells whether sources and versions of dependencies are those of a fingerprint; what several name is read once. */
export function currency(root: string): (inputs: BuildInputs) => Promise<boolean> {
  const read = new Map<string, Promise<string | undefined>>();
  const once = (name: string, hash: () => Promise<string | undefined>) => {
    const found = read.get(name) ?? hash();
    read.set(name, found);
    return found;
  };
  return async ({ sources, packages }) => {
    const checks = [
      ...Object.entries(sources).map(
        async ([file, hash]) => (await once(file, () => hashOf(path.join(root, file)))) === hash,
      ),
      ...Object.entries(packages).map(
        async ([name, hash]) => (await once(`${name}/`, () => hashOfPackage(root, name))) === hash,
      ),
    ];
    // A fingerprint of nothing fits everything, and is none.
    return checks.length > 0 && !(await Promise.all(checks)).includes(false);
  };
}

async function hashes(
  names: readonly string[],
  hash: (name: string) => Promise<string | undefined>,
): Promise<Record<string, string>> {
  const entries = await Promise.all([...names].sort().map(async (name) => [name, await hash(name)] as const));
  return Object.fromEntries(entries.map(([name, found]) => [name, found ?? "missing"]));
}

/**
 * SHA-256 of a package's package.json, in hex; undefined where it isn't installed. It is looked for from the root
 * upwards, as Node.js does: a workspace has its dependencies further up.
 */
export async function hashOfPackage(root: string, name: string): Promise<string | undefined> {
  const hash = await hashOf(path.join(root, name, "package.json"));
  const parent = path.dirname(root);
  return hash ?? (parent === root ? undefined : hashOfPackage(parent, name));
}

async function hashOf(file: string): Promise<string | undefined> {
  try {
    return createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
