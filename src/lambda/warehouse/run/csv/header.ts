import { PermanentFault } from "../../../shared/faults.ts";
import type { Column, Dataset } from "../datasets.ts";

/** A file's columns in its order; undefined for one that the dataset doesn't have. */
export interface Header {
  columns: (Column | undefined)[];
  /** Names of columns that are left out. */
  extra: string[];
}

/**
 * Reads a header. Case and white space don't count, nor does the order.
 * @throws PermanentFault BAD_HEADER for a missing column or one that comes twice
 */
export function readHeader(fields: readonly string[], dataset: Dataset, file: string): Header {
  const names = fields.map((field) => field.trim().toLowerCase());
  const columns = names.map((name) => dataset.columns.find((column) => column.name === name));
  const twice = dataset.columns.find((column) => columns.indexOf(column) !== columns.lastIndexOf(column));
  if (twice)
    throw new PermanentFault("BAD_HEADER", `${file} has the column ${twice.name} twice.`, twice.name);
  const missing = dataset.columns.filter((column) => !column.optional && !columns.includes(column));
  if (missing[0]) {
    throw new PermanentFault(
      "BAD_HEADER",
      `${file} lacks the column ${missing.map(({ name }) => name).join(", ")}: its header is ${fields.join(",").slice(0, 200)}`,
      missing[0].name,
    );
  }
  return { columns, extra: names.filter((_, index) => columns[index] === undefined) };
}
