import { createHash, randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { InvalidInputError } from "../errors.ts";
import { writeFaultReason } from "../file-fault.ts";
import { makeDirectory } from "../make-directory.ts";
import { bundleFunction } from "./bundle.ts";
import { discoverFunctions, type FunctionSource } from "./discover.ts";
import { zipFiles } from "./zip.ts";

export interface BuildOptions {
  /** Package that holds `src/lambda`. */
  root: string;
  outDir: string;
  /** Functions to build; all when absent. */
  only?: readonly { pipeline: string; function: string }[];
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
export async function buildFunctions({ root, outDir, only }: BuildOptions): Promise<BuiltFunction[]> {
  const sources = await select(root, only);
  await makeDirectory(outDir).catch((error) => {
    throw unwritable(outDir, error);
  });
  const built = await Promise.allSettled(
    sources.map(async (source) => {
      const zip = zipFiles({ "index.mjs": await bundleFunction(root, source) });
      const file = path.join(outDir, `${source.pipeline}-${source.function}.zip`);
      await replaceFile(file, zip);
      return {
        pipeline: source.pipeline,
        function: source.function,
        path: file,
        bytes: zip.length,
        sha256: createHash("sha256").update(zip).digest("hex"),
      };
    }),
  );
  return built.map((result) => {
    // The first in order, not in time: the same fault gives the same message.
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
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

/** By a rename, so that nobody reads half a zip. */
async function replaceFile(file: string, content: Uint8Array): Promise<void> {
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
