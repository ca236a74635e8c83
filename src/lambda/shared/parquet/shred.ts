import { Column } from "./column.ts";
import type { Field, Leaf, Struct } from "./schema.ts";

type Shred = (value: unknown, repetition: number, definition: number) => void;

/**
 * Compiles a schema into its leaf columns, in schema order, and a function that takes one checked row apart
 * into them in a single pass, with Dremel's repetition and definition levels
 * (https://github.com/apache/parquet-format#nested-encoding).
 */
export function compileShredder(row: Struct): { columns: Column[]; shred: (row: object) => void } {
  const columns: Column[] = [];
  const members = Object.entries(row.fields).map(([name, field]) => ({
    name,
    shred: compile(field, [name], 0, 0, columns),
  }));
  const shred = (value: object) => {
    const object = value as Record<string, unknown>;
    for (const member of members) member.shred(object[member.name], 0, 0);
  };
  return { columns, shred };
}

function compile(field: Field, path: string[], maxRep: number, maxDef: number, columns: Column[]): Shred {
  if (field.kind === "struct") {
    const members = Object.entries(field.fields).map(([name, of]) => ({
      name,
      shred: compile(of, [...path, name], maxRep, maxDef + 1, columns),
    }));
    return (value, repetition, definition) => {
      if (value === null || value === undefined) {
        for (const member of members) member.shred(undefined, repetition, definition);
        return;
      }
      const object = value as Record<string, unknown>;
      for (const member of members) member.shred(object[member.name], repetition, definition + 1);
    };
  }
  if (field.kind === "list") {
    const inner = maxRep + 1;
    if ("required" in field.element) return shredLeafList(field.element, path, inner, maxDef + 2, columns);
    const element = compile(field.element, [...path, "list", "element"], inner, maxDef + 2, columns);
    return (value, repetition, definition) => {
      if (value === null || value === undefined) return element(undefined, repetition, definition);
      const array = value as unknown[];
      if (array.length === 0) return element(undefined, repetition, definition + 1);
      for (let index = 0; index < array.length; index++) {
        element(array[index], index === 0 ? repetition : inner, definition + 2);
      }
    };
  }
  const column = new Column(field, path, maxRep, field.required ? maxDef : maxDef + 1);
  columns.push(column);
  return (value, repetition, definition) => {
    if (value === null || value === undefined) column.appendNull(repetition, definition);
    else column.append(value, repetition);
  };
}

/** Lists of plain values are long (markets): their levels go in at once. */
function shredLeafList(leaf: Leaf, path: string[], maxRep: number, maxDef: number, columns: Column[]): Shred {
  const column = new Column(leaf, [...path, "list", "element"], maxRep, maxDef + 1);
  columns.push(column);
  return (value, repetition, definition) => {
    if (value === null || value === undefined) return column.appendNull(repetition, definition);
    const array = value as unknown[];
    if (array.length === 0) column.appendNull(repetition, definition + 1);
    else column.appendList(array, repetition);
  };
}
