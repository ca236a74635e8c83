import { readdir } from "node:fs/promises";
import path from "node:path";

/** A Lambda's sources: `src/lambda/<pipeline>/<function>/handler.ts`. */
export interface FunctionSource {
  pipeline: string;
  function: string;
  /** Path of handler.ts from the package's root, with `/`. */
  handler: string;
}

/** Finds every Lambda of a package by its folders, in the order of their names. */
export async function discoverFunctions(root: string): Promise<FunctionSource[]> {
  const lambdas = "src/lambda";
  const found: FunctionSource[] = [];
  for (const pipeline of await folders(path.join(root, lambdas))) {
    for (const name of await folders(path.join(root, lambdas, pipeline))) {
      const files = await readdir(path.join(root, lambdas, pipeline, name));
      if (!files.includes("handler.ts")) continue;
      found.push({ pipeline, function: name, handler: `${lambdas}/${pipeline}/${name}/handler.ts` });
    }
  }
  return found;
}

async function folders(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
