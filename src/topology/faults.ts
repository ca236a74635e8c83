import { InvalidInputError } from "../errors.ts";

/** Where in a JSON document, from the root: `["queues", "landed", "from", 0]`. */
export type JsonPath = readonly (string | number)[];

/** One thing that is wrong with a pipeline file. */
export interface Fault {
  path: JsonPath;
  message: string;
}

/** A fault with the file it lies in, and its line where it is known. */
export interface LocatedFault extends Fault {
  file: string;
  line?: number;
}

/** `queues.landed.from[0].topic`; the root is `(root)`. */
export function formatPath(path: JsonPath): string {
  const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
  return text === "" ? "(root)" : text.replace(/^\./, "");
}

/** One error that lists every fault, a line each: file and line, JSON path, what is wrong. */
export function faultsError(faults: readonly LocatedFault[]): InvalidInputError {
  const files = new Set(faults.map(({ file }) => file)).size;
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  const lines = faults.map(
    ({ file, line, path, message }) =>
      `  ${file}${line === undefined ? "" : `:${line}`} ${formatPath(path)}: ${message}`,
  );
  return new InvalidInputError(
    `${count} in ${files === 1 ? "a pipeline file" : `${files} pipeline files`}:\n${lines.join("\n")}`,
    {
      code: "INVALID_PIPELINE",
      hint: "Correct the places named above; an editor that knows terraform/pipelines.schema.json helps with the fields.",
    },
  );
}
