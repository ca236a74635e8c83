import { isUtf8 } from "node:buffer";
import { CsvError, type Options, parse } from "csv-parse/sync";

/** How csv-parse is to read: RFC 4180 with LF or CR LF, any number of fields. */
export const CSV_OPTIONS: Options = {
  columns: false,
  record_delimiter: ["\r\n", "\n"],
  relax_column_count: true,
  skip_empty_lines: true,
};

/** A record that is no CSV, or whose text is not UTF-8. */
export interface RecordFault {
  /** Field that it is found in, from 0; -1 where it can't be told. */
  field: number;
  message: string;
}

export const NOT_UTF8 = "the text is not UTF-8; is the file in Latin-1 or Windows-1252?";

const QUOTE = 0x22;

/** Reads one record the thorough way: what the quick scan doesn't take is left to csv-parse. */
export function parseRecord(bytes: Buffer): string[] | RecordFault {
  const quoted = bytes.includes(QUOTE);
  if (!isUtf8(bytes)) {
    // Latin-1 has a character for every byte: good enough to find the field.
    const fields = quoted ? parseQuoted(bytes.toString("latin1")) : splitPlain(bytes.toString("latin1"));
    const field = Array.isArray(fields)
      ? fields.findIndex((text) => !isUtf8(Buffer.from(text, "latin1")))
      : -1;
    return { field, message: NOT_UTF8 };
  }
  const text = bytes.toString("utf8");
  return quoted ? parseQuoted(text) : splitPlain(text);
}

function splitPlain(line: string): string[] {
  return line.replace(/\r?\n$/, "").split(",");
}

function parseQuoted(text: string): string[] | RecordFault {
  try {
    const [fields] = parse(text, CSV_OPTIONS) as unknown as string[][];
    return fields ?? [""];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { column } = error as { column?: unknown };
    return { field: typeof column === "number" ? column : -1, message: explain(error.code) };
  }
}

function explain(code: string): string {
  switch (code) {
    case "INVALID_OPENING_QUOTE":
      return 'a quote stands inside a field that does not begin with one; inside quotes it is written ""';
    case "CSV_INVALID_CLOSING_QUOTE":
      return 'text follows the quote that ends the field; inside quotes a quote is written ""';
    case "CSV_QUOTE_NOT_CLOSED":
      return "the quote that begins a field is not closed";
    default:
      return `the record is no CSV (${code})`;
  }
}
