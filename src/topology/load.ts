import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { InvalidInputError } from "../errors.ts";
import { checkTogether } from "./check-together.ts";
import { faultsError } from "./faults.ts";
import { locatedFault, readPipeline } from "./parse.ts";
import type { Pipeline } from "./types.ts";

/**
 * Reads every `<name>.json` of these directories, sorted by name.
 * @throws InvalidInputError that lists the faults of all files at once, or names what can't be read.
 */
export async function loadPipelines(directories: readonly string[]): Promise<Pipeline[]> {
  const files = (await Promise.all(directories.map(pipelineFiles))).flat();
  const read = await Promise.all(
    files.map(async (file) => ({ file, result: readPipeline(await readText(file), file) })),
  );
  const sound = read.flatMap(({ file, result }) =>
    result.pipeline ? [{ file, pipeline: result.pipeline, places: result.places }] : [],
  );
  const faults = read.flatMap(({ result }) => result.faults ?? []);
  for (const { index, fault } of checkTogether(sound)) {
    const owner = sound[index];
    if (owner) faults.push(locatedFault(fault, owner.file, owner.places));
  }
  if (faults.length > 0) throw faultsError(faults);
  return sound.map(({ pipeline }) => pipeline).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function pipelineFiles(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => path.join(directory, name));
  } catch (error) {
    throw new InvalidInputError(
      `The pipelines directory ${directory} cannot be read: ${(error as Error).message}`,
      { cause: error, hint: "Name a directory that holds one <pipeline>.json per pipeline." },
    );
  }
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (error) {
    throw new InvalidInputError(`The pipeline file ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
      hint: "It must be a readable file in UTF-8.",
    });
  }
}
