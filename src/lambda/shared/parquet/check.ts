import type { Field, Leaf, Struct } from "./schema.ts";

/** A value doesn't fit the schema. */
export class SchemaMismatch extends Error {
  constructor(
    /** Where in the record, e.g. `artists[3].name`; empty for the record itself. */
    readonly path: string,
    message: string,
    /** The value is an integer that `JSON.parse` may have rounded; an exact parse may find it to fit. */
    readonly inexact = false,
  ) {
    super(message);
    this.name = "SchemaMismatch";
  }
}

/** Fields that the schema doesn't know, each with its path. */
export type UnknownFields = [path: string, value: unknown][];

interface Walk {
  /** Names and indexes down to the value at hand; entries beyond the depth are left over from elsewhere. */
  path: (string | number)[];
  unknown: UnknownFields;
}

type Check = (value: unknown, walk: Walk, depth: number) => void;

/**
 * Compiles a checker of records. It returns the unknown fields, at any depth, and throws SchemaMismatch at
 * the first value that doesn't fit. null and absent are the same. The record may be changed by `prepare`.
 */
export function compileCheck(record: Struct): (value: unknown) => UnknownFields {
  const check = compile(record);
  const path: Walk["path"] = [];
  return (value) => {
    const walk = { path, unknown: [] as UnknownFields };
    check(value, walk, 0);
    return walk.unknown;
  };
}

function compile(field: Field): Check {
  if (field.kind === "struct") return checkStruct(field);
  if (field.kind === "list") {
    const check = compile(field.element);
    const texts = field.element.kind === "string";
    return (value, walk, depth) => {
      if (!Array.isArray(value)) fail("array", value, walk, depth);
      for (let index = 0; index < value.length; index++) {
        const element: unknown = value[index];
        if (element === null || (texts && typeof element === "string")) continue;
        walk.path[depth] = index;
        check(element, walk, depth + 1);
      }
    };
  }
  return LEAVES[field.kind];
}

function checkStruct({ fields, prepare }: Struct): Check {
  const members = new Map(Object.entries(fields).map(([name, field]) => [name, compile(field)]));
  const required = Object.entries(fields).filter(([, field]) => "required" in field && field.required);
  return (value, walk, depth) => {
    if (!isObject(value)) fail("object", value, walk, depth);
    prepare?.(value);
    for (const name in value) {
      const member = value[name];
      walk.path[depth] = name;
      const check = members.get(name);
      if (check === undefined) walk.unknown.push([renderPath(walk.path, depth + 1), member]);
      else if (member !== null) check(member, walk, depth + 1);
    }
    for (const [name, field] of required) {
      if (value[name] !== null && value[name] !== undefined) continue;
      walk.path[depth] = name;
      fail(NAMES[(field as Leaf).kind], value[name], walk, depth + 1);
    }
  };
}

const NAMES: Record<Leaf["kind"], string> = {
  string: "string",
  int64: "integer",
  boolean: "boolean",
  date: "date as YYYY, YYYY-MM or YYYY-MM-DD",
  timestamp: "timestamp",
  json: "value",
};

const INT64_LIMIT = 2n ** 63n;

const LEAVES: Record<Leaf["kind"], Check> = {
  string(value, walk, depth) {
    if (typeof value !== "string") fail(NAMES.string, value, walk, depth);
  },
  int64(value, walk, depth) {
    if (Number.isSafeInteger(value)) return;
    if (typeof value === "bigint" && value >= -INT64_LIMIT && value < INT64_LIMIT) return;
    const inexact = typeof value === "number" && Number.isInteger(value);
    const expected = inexact || typeof value === "bigint" ? "64-bit integer" : "integer";
    fail(expected, value, walk, depth, inexact);
  },
  boolean(value, walk, depth) {
    if (typeof value !== "boolean") fail(NAMES.boolean, value, walk, depth);
  },
  date(value, walk, depth) {
    if (typeof value !== "string" || daysSinceEpoch(value) === undefined)
      fail(NAMES.date, value, walk, depth);
  },
  timestamp(value, walk, depth) {
    if (!Number.isSafeInteger(value)) fail(NAMES.timestamp, value, walk, depth);
  },
  json() {},
};

const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/;
const DAY_MS = 86_400_000;

/** Days from 1970-01-01 to the first day that the text can mean; undefined when it is no calendar date. */
export function daysSinceEpoch(text: string): number | undefined {
  const [, year, month = "01", day = "01"] = DATE.exec(text) ?? [];
  if (year === undefined) return undefined;
  const ms = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  // Date.parse takes 2026-02-31 for the third of March.
  if (Number.isNaN(ms) || new Date(ms).getUTCDate() !== Number(day)) return undefined;
  return ms / DAY_MS;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function renderPath(path: readonly (string | number)[], depth: number): string {
  let text = "";
  for (const part of path.slice(0, depth)) {
    text += typeof part === "number" ? `[${part}]` : text === "" ? part : `.${part}`;
  }
  return text;
}

function fail(expected: string, value: unknown, walk: Walk, depth: number, inexact = false): never {
  throw new SchemaMismatch(
    renderPath(walk.path, depth),
    `expected ${expected}, got ${describe(value)}`,
    inexact,
  );
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "object") return "object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return `${typeof value} ${text.length > 80 ? `${text.slice(0, 79)}…` : text}`;
}
