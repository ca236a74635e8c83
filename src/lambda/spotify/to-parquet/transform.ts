import { PermanentFault } from "../../shared/faults.ts";
import {
  decodeUtf8,
  holdsInexactInteger,
  parseExactJson,
  parseJson,
  stringifyExact,
} from "../../shared/json-text.ts";
import { splitAtNewlines } from "../../shared/lines.ts";
import { compileCheck, SchemaMismatch, type UnknownFields } from "../../shared/parquet/check.ts";
import { json, required, type Struct, string, struct, timestamp } from "../../shared/parquet/schema.ts";
import { type Dataset, datasets } from "./schema.ts";

/** The object version that rows come from, as they carry it. */
export interface RowSource {
  key: string;
  version: string;
  /** Time of the object's event, milliseconds since the epoch. */
  eventTime: number;
}

/** A checked entity with the columns that every row has. */
export type Row = Record<string, unknown>;

/**
 * The dataset that a key belongs to, by its folder: `raw/<albums|tracks|artists>/<id>.json`.
 * @throws PermanentFault UNKNOWN_DATASET
 */
export function datasetOf(key: string): Dataset {
  const [root, folder, ...rest] = key.split("/");
  const dataset = datasets.get(folder ?? "");
  if (root === "raw" && dataset && rest.length > 0) return dataset;
  const known = [...datasets.keys()].join("|");
  throw new PermanentFault("UNKNOWN_DATASET", `The key ${key} is not of the form raw/<${known}>/<id>.json.`);
}

/** The columns of a dataset's rows: its fields, then unknown fields as JSON, then where the row comes from. */
export function rowSchema(dataset: Dataset): Struct {
  return struct({
    ...dataset.fields.fields,
    _extra: json,
    _source_key: required(string),
    _source_version: required(string),
    _event_time: required(timestamp),
  });
}

/**
 * Reads an object as one entity, an array of entities, or NDJSON; all of it or nothing.
 * @throws PermanentFault as the codes of `FAULTS` say; `path` begins with `[n]` where there are several
 */
export function readRows(bytes: Buffer, dataset: Dataset, source: RowSource): Row[] {
  const lines = splitNdjson(bytes);
  if (lines) return lines.map((line, index) => readLine(line, index, dataset, source));
  const text = decodeUtf8(bytes);
  if (text.trim() === "")
    throw new PermanentFault("EMPTY_OBJECT", `The object has ${bytes.length} bytes, all blank.`);
  return withExactIntegers(text, (value, exact) => {
    if (!Array.isArray(value)) return [readRow(value, exact, "", dataset, source)];
    if (value.length === 0) throw new PermanentFault("EMPTY_OBJECT", "The array has no entities.");
    return value.map((entity, index) => readRow(entity, exact, `[${index}]`, dataset, source));
  });
}

/** Reads one line of NDJSON, counted from 0. @throws PermanentFault as {@link readRows} */
export function readLine(line: Buffer, index: number, dataset: Dataset, source: RowSource): Row {
  try {
    return withExactIntegers(decodeUtf8(line), (value, exact) =>
      readRow(value, exact, `[${index}]`, dataset, source),
    );
  } catch (error) {
    if (!(error instanceof PermanentFault) || error.path !== "") throw error;
    throw new PermanentFault(error.errorCode, `Record ${index + 1}: ${error.message}`, `[${index}]`);
  }
}

/** The lines of NDJSON; undefined when the object is one JSON value, or none. */
function splitNdjson(bytes: Buffer): Buffer[] | undefined {
  const lines = splitAtNewlines(bytes);
  const [first] = lines;
  if (first === undefined || lines.length === 1) return undefined;
  try {
    JSON.parse(first.toString());
    return lines;
  } catch {
    // A first line that doesn't parse alone is the start of one value over several lines, or of no JSON.
    return undefined;
  }
}

/** Parses fast, and once more exactly when an integer may have been rounded. */
function withExactIntegers<T>(text: string, read: (value: unknown, exact: boolean) => T): T {
  try {
    return read(parseJson(text), false);
  } catch (error) {
    if (!(error instanceof InexactInteger)) throw error;
    return read(parseExactJson(text), true);
  }
}

/** The fast parse met an integer beyond 2^53. */
class InexactInteger extends Error {}

const checks = new Map<Dataset, ReturnType<typeof compileCheck>>();

function readRow(value: unknown, exact: boolean, prefix: string, dataset: Dataset, source: RowSource): Row {
  const entity = value as Row;
  checkType(entity, prefix, dataset);
  let check = checks.get(dataset);
  if (!check) {
    check = compileCheck(dataset.fields);
    checks.set(dataset, check);
  }
  let unknown: UnknownFields;
  try {
    unknown = check(value);
  } catch (error) {
    if (!(error instanceof SchemaMismatch)) throw error;
    if (error.inexact && !exact) throw new InexactInteger();
    throw new PermanentFault("SCHEMA_MISMATCH", error.message, joinPath(prefix, error.path));
  }
  entity._extra = unknown.length === 0 ? null : extraJson(unknown, exact, prefix);
  entity._source_key = source.key;
  entity._source_version = source.version;
  entity._event_time = source.eventTime;
  return entity;
}

function checkType(entity: Row | null, prefix: string, dataset: Dataset): void {
  const type = entity?.type;
  if (typeof type !== "string" || type === dataset.type) return;
  throw new PermanentFault(
    "WRONG_TYPE",
    `expected "${dataset.type}", for the key lies under ${dataset.name}/, got "${type}"`,
    joinPath(prefix, "type"),
  );
}

/** Unknown fields as one JSON object, by their paths. */
function extraJson(unknown: UnknownFields, exact: boolean, prefix: string): string {
  try {
    const members = unknown.map(([path, value]) => {
      if (!exact && holdsInexactInteger(value)) throw new InexactInteger();
      return `${JSON.stringify(path)}:${stringifyExact(value)}`;
    });
    return `{${members.join(",")}}`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new PermanentFault("SCHEMA_MISMATCH", "An unknown field is nested too deeply to be kept.", prefix);
  }
}

const joinPath = (prefix: string, path: string): string =>
  prefix === "" || path === "" || path.startsWith("[") ? prefix + path : `${prefix}.${path}`;
