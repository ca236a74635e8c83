import type { SchemaElement } from "hyparquet";

/** A single value. `date` is ISO text of a year, month or day; `timestamp` milliseconds since the epoch. */
export interface Leaf {
  kind: "string" | "int64" | "boolean" | "date" | "timestamp" | "json";
  required: boolean;
}

/** An object. Its members are optional unless they say otherwise. */
export interface Struct {
  kind: "struct";
  fields: Readonly<Record<string, Field>>;
  /** Brings historic spellings of a value into the one the fields describe; may change the object. */
  prepare?: (value: Record<string, unknown>) => void;
}

export interface List {
  kind: "list";
  element: Field;
}

export type Field = Leaf | Struct | List;

const leaf = (kind: Leaf["kind"]): Leaf => ({ kind, required: false });

export const string = leaf("string");
export const int64 = leaf("int64");
export const boolean = leaf("boolean");
export const date = leaf("date");
export const timestamp = leaf("timestamp");
export const json = leaf("json");

/** A leaf whose absence is a fault, and whose column has no nulls. */
export const required = (of: Leaf): Leaf => ({ ...of, required: true });
export const list = (element: Field): List => ({ kind: "list", element });
export const struct = (fields: Record<string, Field>, prepare?: Struct["prepare"]): Struct => ({
  kind: "struct",
  fields,
  prepare,
});

const LEAF_TYPES: Record<Leaf["kind"], Pick<SchemaElement, "type" | "converted_type" | "logical_type">> = {
  string: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  json: { type: "BYTE_ARRAY", converted_type: "JSON", logical_type: { type: "JSON" } },
  boolean: { type: "BOOLEAN" },
  int64: { type: "INT64" },
  date: { type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } },
  timestamp: {
    type: "INT64",
    converted_type: "TIMESTAMP_MILLIS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
  },
};

/**
 * The Parquet schema of rows with these fields, depth first as the footer wants it. Lists have the three
 * levels of https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists.
 */
export function schemaElements(row: Struct): SchemaElement[] {
  const fields = Object.entries(row.fields);
  return [
    { name: "root", num_children: fields.length },
    ...fields.flatMap(([name, field]) => elementsOf(name, field)),
  ];
}

function elementsOf(name: string, field: Field): SchemaElement[] {
  if (field.kind === "struct") {
    const fields = Object.entries(field.fields);
    return [
      { name, repetition_type: "OPTIONAL", num_children: fields.length },
      ...fields.flatMap(([child, of]) => elementsOf(child, of)),
    ];
  }
  if (field.kind === "list") {
    return [
      {
        name,
        repetition_type: "OPTIONAL",
        num_children: 1,
        converted_type: "LIST",
        logical_type: { type: "LIST" },
      },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      ...elementsOf("element", field.element),
    ];
  }
  return [{ name, repetition_type: field.required ? "REQUIRED" : "OPTIONAL", ...LEAF_TYPES[field.kind] }];
}
