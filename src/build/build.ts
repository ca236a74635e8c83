import path from "node:path";
import { InvalidInputError } from "../errors.ts";
import type { Bundle } from "./bundle.ts";
import { discoverFunctions, type FunctionSource } from "./discover.ts";
import { keptZips, recordZip, sha256, shippedZips } from "./kept.ts";
import { makeOutDirectory, replaceFile } from "./write.ts";

export interface BuildOptions {
  /** Package that holds `src/lambda`. */
  root: string;
  outDir: string;
  /** Functions to build; all when absent. */
  only?: readonly { pipeline: string; function: string }[];
  /**
   * Takes zips whose sources and dependencies are as they were, from outDir or from those that came with edp, and
   * bundles the others only; beside these lies what they were made of. Each is what bundling would give.
   */
  reuse?: boolean;
}

export interface BuiltFunction {
  pipeline: string;
  function: string;
  /** Path of the zip. */
  path: string;
  /** Size of the zip. */
  bytes: number;
  /** Hash of the zip, in hex. Terraform's `source_code_hash` is the same in base64. */
  sha256: string;
}

/**
 * Bundles Lambdas, each into `<outDir>/<pipeline>-<function>.zip`, with the handler as `index.handler`.
 * The same sources give the same bytes. A zip that has not changed is not written again.
 * @throws InvalidInputError when a source doesn't compile, a function in `only` has no sources, or the zips
 * cannot be written
 */
export async function buildFunctions(options: BuildOptions): Promise<BuiltFunction[]> {
  const { root, outDir, only } = options;
  const sources = await select(root, only);
  await makeOutDirectory(outDir);
  const zips = await kept(options, sources);
  const missing = sources.filter((source) => !zips.has(source));
  if (missing.length > 0)
    for (const [source, zip] of await bundleAnew(options, missing)) zips.set(source, zip);
  return Promise.all(
    sources.map(async (source) => {
      const zip = zips.get(source);
      if (!zip) throw new Error(`there is no zip of ${source.handler}`);
      const file = path.join(outDir, `${nameOf(source)}.zip`);
      await replaceFile(file, zip);
      const { pipeline, function: fn } = source;
      return { pipeline, function: fn, path: file, bytes: zip.length, sha256: sha256(zip) };
    }),
  );
}

type Zips = Map<FunctionSource, Uint8Array>;

const nameOf = (source: FunctionSource) => `${source.pipeline}-${source.function}`;

async function kept(
  { root, outDir, reuse }: BuildOptions,
  sources: readonly FunctionSource[],
): Promise<Zips> {
  const zips: Zips = new Map();
  if (!reuse) return zips;
  const find = keptZips(root, [shippedZips(root), outDir]);
  await Promise.all(
    sources.map(async (source) => {
      const zip = await find(nameOf(source));
      if (zip) zips.set(source, zip);
    }),
  );
  return zips;
}

async function bundleAnew(options: BuildOptions, sources: readonly FunctionSource[]): Promise<Zips> {
  const { root, outDir, reuse } = options;
  // Where everything is kept, nothing is loaded that bundles.
  const [{ bundleFunctions }, { zipFiles }] = await Promise.all([import("./bundle.ts"), import("./zip.ts")]);
  const bundles = await bundleFunctions(root, sources);
  const zips: Zips = new Map();
  for (const [index, source] of sources.entries()) {
    const { content, files } = bundles[index] as Bundle;
    const zip = zipFiles({ "index.mjs": content });
    if (reuse) await recordZip(root, outDir, { name: nameOf(source), zip, files });
    zips.set(source, zip);
  }
  return zips;
}

async function select(root: string, only: BuildOptions["only"]): Promise<FunctionSource[]> {
  const all = await discoverFunctions(root);
  if (!only) return all;
  return only.map((wanted) => {
    const found = all.find((one) => one.pipeline === wanted.pipeline && one.function === wanted.function);
    if (found) return found;
    throw new InvalidInputError(
      `The function ${wanted.function} of the pipeline ${wanted.pipeline} has no sources.`,
      { hint: `Write src/lambda/${wanted.pipeline}/${wanted.function}/handler.ts, exporting \`handler\`.` },
    );
  });
}
