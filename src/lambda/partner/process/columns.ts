import type { Kind } from "./day-file.ts";

/** The columns of each file, by the names in its header. Others may stand between them, in any order. */
export const COLUMNS = {
  customers: ["id", "first_name", "last_name", "customer_reference", "status"],
  orders: ["id", "customer_reference", "order_status", "order_reference", "order_timestamp"],
  items: ["id", "order_reference", "item_name", "quantity", "total_price"],
} as const satisfies Record<Kind, readonly string[]>;

/** How many columns a file has, and where those are that count. */
export interface Layout {
  kind: Kind;
  /** Fields of every record. */
  width: number;
  /** Position of each column by its name. */
  position: Readonly<Record<string, number>>;
  /** Name of each field, as the header has it. */
  names: readonly string[];
}

/** A header that the file cannot be read by. */
export interface HeaderFault {
  column: string | null;
  message: string;
}

/**
 * Finds the columns of a file in its header.
 * @param header the first record's fields
 */
export function readLayout(kind: Kind, header: readonly string[]): Layout | HeaderFault[] {
  const wanted: readonly string[] = COLUMNS[kind];
  const [only = ""] = header;
  const separator = header.length === 1 ? SEPARATORS.find(([sign]) => only.includes(sign)) : undefined;
  if (separator) {
    const [, name] = separator;
    return [{ column: null, message: `the fields are separated by ${name}, not by commas` }];
  }
  if (header.some((name) => name.includes("\r"))) {
    return [{ column: null, message: "the lines end with CR alone, not with LF or CR LF" }];
  }
  const names = header.map((name) => name.trim());
  const missing = wanted.filter((name) => !names.includes(name));
  const twice = wanted.filter((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (missing.length + twice.length === 0) {
    const position = Object.fromEntries(wanted.map((name) => [name, names.indexOf(name)]));
    return { kind, width: header.length, position, names };
  }
  const found = shorten(names.map((name) => JSON.stringify(name)).join(", "));
  return [
    ...missing.map((column) => ({
      column,
      message: `the header lacks the column ${column}; it has ${found}`,
    })),
    ...twice.map((column) => ({ column, message: `the header has the column ${column} more than once` })),
  ];
}

const SEPARATORS: readonly (readonly [string, string])[] = [
  [";", "semicolons"],
  ["\t", "tabs"],
  ["|", "vertical bars"],
];

const MOST_SHOWN = 200;

/** A text for a message: not longer than a line or two. */
export function shorten(text: string): string {
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}...`;
}
