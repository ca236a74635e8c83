import path from "node:path";
import { checkPipeline } from "./check.ts";
import { type Fault, faultsError, formatPath, type LocatedFault } from "./faults.ts";
import { type JsonPlaces, locate } from "./locate.ts";
import { readShape } from "./shape.ts";
import type { Pipeline } from "./types.ts";

/** What became of one pipeline file; faults and a pipeline exclude each other. */
export type ParseResult =
  | { pipeline: Pipeline; places: JsonPlaces; faults?: undefined }
  | { pipeline?: undefined; faults: LocatedFault[] };

/**
 * Reads one pipeline file: its shape, and what the things demand of each other.
 * @param file its path, for messages and because its name must be the pipeline's.
 */
export function readPipeline(text: string, file: string): ParseResult {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { faults: [syntaxFault(text, file, error as SyntaxError)] };
  }
  const places = locate(text);
  const faults: Fault[] = places.duplicates.map((at) => ({ path: at, message: "is given twice" }));
  const shape = readShape(json);
  faults.push(...shape.faults);
  if (shape.pipeline) faults.push(...checkFileName(shape.pipeline, file), ...checkPipeline(shape.pipeline));
  if (faults.length === 0 && shape.pipeline) return { pipeline: shape.pipeline, places };
  const located = faults.map((fault) => locatedFault(fault, file, places));
  return { faults: located.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) };
}

/** @throws InvalidInputError that lists every fault with file, line and JSON path. */
export function parsePipeline(text: string, file: string): Pipeline {
  const result = readPipeline(text, file);
  if (result.faults) throw faultsError(result.faults);
  return result.pipeline;
}

/** Adds the file and the line; what is missing has the line of the object that lacks it. */
export function locatedFault(fault: Fault, file: string, { lines }: JsonPlaces): LocatedFault {
  for (let depth = fault.path.length; depth >= 0; depth -= 1) {
    const line = lines.get(formatPath(fault.path.slice(0, depth)));
    if (line !== undefined) return { ...fault, file, line };
  }
  return { ...fault, file };
}

function checkFileName({ name }: Pipeline, file: string): Fault[] {
  const expected = path.basename(file, ".json");
  return name === expected
    ? []
    : [{ path: ["name"], message: `is ${name}, but the file is called ${expected}.json: they must agree` }];
}

function syntaxFault(text: string, file: string, error: SyntaxError): LocatedFault {
  const position = /position (\d+)/.exec(error.message)?.[1];
  const before = text.slice(0, position === undefined ? text.length : Number(position));
  return { file, line: before.split("\n").length, path: [], message: `is not JSON: ${error.message}` };
}
