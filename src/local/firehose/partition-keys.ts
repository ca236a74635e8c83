import { invalidArgument } from "./errors.ts";

/** A path of plain names, the JQ that every reader of a pipeline understands alike. */
const PATH = /^(\.[A-Za-z_][A-Za-z0-9_]*)+$/;
const QUERY = /^\s*\{(.*)\}\s*$/s;
const PAIR = /^\s*"?([A-Za-z_][A-Za-z0-9_-]*)"?\s*:\s*(\S+)\s*$/;

/** Why a record's partition keys could not be taken from it. */
export interface ExtractionFailure {
  failure: string;
}

export type Extraction = { values: Record<string, string> } | ExtractionFailure;

/**
 * Reads a MetadataExtractionQuery, `{type:.type,customer:.customer.id}`.
 * @returns JQ path by name
 * @throws AwsError InvalidArgumentException for JQ beyond plain paths, which the engine has not
 */
export function parseQuery(query: string): Record<string, string> {
  const inside = QUERY.exec(query)?.[1];
  const pairs = (inside ?? "").split(",").map((pair) => PAIR.exec(pair));
  if (inside === undefined || pairs.some((pair) => !pair || !PATH.test(pair[2] ?? ""))) {
    throw invalidArgument(
      `MetadataExtractionQuery ${query}: edp's local engine knows plain paths only, such as {type:.type,customer:.customer.id}; use an AWS environment for more of JQ`,
    );
  }
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", pair?.[2] ?? ""]));
}

/** Writes paths as the query they came from. */
export function formatQuery(paths: Record<string, string>): string {
  return `{${Object.entries(paths)
    .map(([name, path]) => `${name}:${path}`)
    .join(",")}}`;
}

/** Makes the function that takes partition keys from a record. */
export function keyExtractor(paths: Record<string, string>): (data: Buffer) => Extraction {
  const steps = Object.entries(paths).map(([name, path]) => ({ name, path: path.slice(1).split(".") }));
  return (data) => {
    let record: unknown;
    try {
      record = JSON.parse(data.toString("utf8"));
    } catch {
      return { failure: "Non JSON record provided" };
    }
    const values: Record<string, string> = {};
    for (const { name, path } of steps) {
      const found = follow(record, path);
      if (typeof found === "object") return found;
      values[name] = found;
    }
    return { values };
  };
}

function follow(record: unknown, path: readonly string[]): string | ExtractionFailure {
  let value = record;
  for (const step of path) {
    if (value === null || value === undefined) break;
    if (typeof value !== "object" || Array.isArray(value)) {
      const type = Array.isArray(value) ? "array" : typeof value;
      return { failure: `jq: error: Cannot index ${type} with "${step}"` };
    }
    value = Object.hasOwn(value, step) ? (value as Record<string, unknown>)[step] : undefined;
  }
  if (value === null || value === undefined || value === "") {
    return { failure: "partitionKeys values must not be null or empty" };
  }
  if (typeof value === "object") {
    return { failure: `the partition key ${path.join(".")} is no string, number or boolean` };
  }
  return String(value);
}
