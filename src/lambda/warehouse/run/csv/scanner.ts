import { isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";
import { PermanentFault } from "../../../shared/faults.ts";
import type { Column, Dataset } from "../datasets.ts";
import { checkField, isDay, type RejectCode } from "./field.ts";
import { type Header, readHeader } from "./header.ts";
import { splitRecord } from "./record.ts";

/** A refused row. */
export interface Reject {
  /** Line of the file that the row begins in; the header's is 1. */
  line: number;
  /** Empty where it is the row as a whole. */
  column: string;
  code: RejectCode;
  reason: string;
  /** The row as it came, cut to a thousand characters. */
  raw: string;
}

const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const ZERO = 0x30;
const DASH = 0x2d;
const POINT = 0x2e;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const NOTHING = Buffer.alloc(0);
const RAW_CHARACTERS = 1_000;
/** Digits that a JavaScript number holds exactly. */
const EXACT_DIGITS = 15;

/** What a column's bytes are checked for without leaving the buffer. */
const FAST = { integer: 0, decimal: 1, date: 2 } as const;

/**
 * Checks a CSV file as it streams by and turns it into what COPY takes: text format, comma as delimiter, an empty
 * field for NULL, the line number before each row. A row of plain digits and dates in the header's order is checked and
 * copied in one pass over its bytes; every other row is taken apart carefully. Needs memory for one chunk and one row.
 */
export class CsvScanner {
  /** Rows met so far, the refused ones too. */
  rows = 0;
  rejected = 0;
  /** Each row's key is greater than that before: no key comes twice. */
  keysAscend = true;
  #header: Header | undefined;
  #fast: FastColumn[] | undefined;
  #carry: Buffer = NOTHING;
  #line = 1;
  #lastKey = Number.NEGATIVE_INFINITY;
  #begun = false;

  constructor(
    private readonly dataset: Dataset,
    private readonly file: string,
    private readonly onReject: (reject: Reject) => void,
  ) {}

  /** Columns of the output after the line number; undefined before the header has come. */
  get columns(): string[] | undefined {
    return this.#header?.columns.flatMap((column) => column?.name ?? []);
  }

  /** Columns of the file that no table has. */
  get extraColumns(): string[] {
    return this.#header?.extra ?? [];
  }

  /** Takes the next bytes of the file. @throws PermanentFault BAD_HEADER, or what onReject throws */
  push(chunk: Buffer): Buffer {
    if (chunk.length === 0) return NOTHING;
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    return this.#scan(bytes, false);
  }

  /** Takes the file's end. @throws PermanentFault EMPTY_FILE, BAD_HEADER, or what onReject throws */
  end(): Buffer {
    const out = this.#scan(this.#carry, true);
    if (!this.#header) throw new PermanentFault("EMPTY_FILE", `${this.file} is empty.`);
    if (this.rows === 0 && this.dataset.needsRows) {
      throw new PermanentFault("EMPTY_FILE", `${this.file} has a header and no rows.`);
    }
    return out;
  }

  #scan(bytes: Buffer, final: boolean): Buffer {
    let at = 0;
    if (!this.#begun) {
      if (bytes.length < BYTE_ORDER_MARK.length && !final) return this.#keep(bytes, 0, NOTHING);
      this.#begun = true;
      if (bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) at = 3;
    }
    if (!this.#header) {
      const next = this.#readHeader(bytes, at, final);
      if (next === -1) return this.#keep(bytes, at, NOTHING);
      at = next;
    }
    const parts: Buffer[] = [];
    let careful = "";
    while (at < bytes.length) {
      if (this.#fast) {
        const { end, out } = this.#scanFast(bytes, at, this.#fast);
        if (out.length > 0) {
          parts.push(Buffer.from(careful), out);
          careful = "";
        }
        at = end;
        if (at >= bytes.length) break;
      }
      const taken = this.#scanCarefully(bytes, at, final);
      if (taken === -1) break;
      careful += taken.out;
      at = taken.end;
    }
    return this.#keep(bytes, at, Buffer.concat([...parts, Buffer.from(careful)]));
  }

  /** Keeps what belongs to a record that has not ended. */
  #keep(bytes: Buffer, from: number, out: Buffer): Buffer {
    this.#carry = from >= bytes.length ? NOTHING : Buffer.from(bytes.subarray(from));
    return out;
  }

  #readHeader(bytes: Buffer, from: number, final: boolean): number {
    let at = from;
    for (;;) {
      if (at >= bytes.length) return -1;
      const split = splitRecord(bytes, at, final);
      if (split.kind === "incomplete") return -1;
      this.#line += split.kind === "record" ? split.lines : 1;
      at = split.end;
      if (split.kind === "malformed") {
        throw new PermanentFault(
          "BAD_HEADER",
          `The header of ${this.file} has quotes that CSV doesn't have.`,
        );
      }
      if (isBlank(split.fields)) continue;
      this.#header = readHeader(split.fields, this.dataset, this.file);
      this.#fast = fastColumns(this.#header, this.dataset.key);
      return at;
    }
  }

  /**
   * Copies plain rows until one needs care, or the buffer ends inside one.
   * One loop over the bytes without calls: it decides how fast a file loads.
   */
  #scanFast(bytes: Buffer, from: number, columns: readonly FastColumn[]): { end: number; out: Buffer } {
    const out = Buffer.allocUnsafe((bytes.length - from) * 2 + 4096);
    const limit = out.length - 4096;
    const length = bytes.length;
    const last = columns.length - 1;
    let line = this.#line;
    let rows = 0;
    let lastKey = this.#lastKey;
    let ascend = this.keysAscend;
    let at = from;
    let to = 0;
    let end = from;
    let written = 0;
    record: while (at < length && to < limit) {
      to = writeNumber(out, to, line);
      let keyValue = 0;
      for (let index = 0; index <= last; index++) {
        const column = columns[index] as FastColumn;
        out[to++] = COMMA;
        const first = at;
        let byte = bytes[at] as number;
        if (column.type === FAST.date) {
          if (byte !== COMMA && byte !== NEWLINE && byte !== RETURN) {
            if (at + 10 >= length || !isPlainDate(bytes, at)) break record;
            for (const day = at + 10; at < day; at++) out[to++] = bytes[at] as number;
          }
        } else {
          let value = 0;
          while (byte >= ZERO && byte <= 0x39) {
            value = value * 10 + (byte - ZERO);
            out[to++] = byte;
            byte = bytes[++at] as number;
          }
          const digits = at - first;
          if (digits > EXACT_DIGITS) break record;
          if (digits > 0) {
            if (column.type === FAST.decimal) {
              if (byte === POINT) {
                const point = at;
                do {
                  out[to++] = byte;
                  byte = bytes[++at] as number;
                } while (byte >= ZERO && byte <= 0x39);
                if (at - point > EXACT_DIGITS) break record;
              }
            } else if (value < column.least || value > column.greatest) break record;
            if (column.key) keyValue = value;
          }
        }
        if (at === first && column.required) break record;
        if (at >= length) break record;
        byte = bytes[at] as number;
        if (index < last) {
          if (byte !== COMMA) break record;
          at++;
        } else {
          if (byte === RETURN && at + 1 < length) byte = bytes[++at] as number;
          if (byte !== NEWLINE) break record;
          at++;
        }
      }
      // A file of one column may have blank lines, which are no rows.
      if (last === 0 && out[to - 1] === COMMA) break;
      out[to++] = NEWLINE;
      if (keyValue <= lastKey) ascend = false;
      lastKey = keyValue;
      rows++;
      line++;
      end = at;
      written = to;
    }
    this.#line = line;
    this.#lastKey = lastKey;
    this.keysAscend = ascend;
    this.rows += rows;
    return { end, out: out.subarray(0, written) };
  }

  /** Takes one record apart. -1 when the buffer ends inside it. */
  #scanCarefully(bytes: Buffer, at: number, final: boolean): { end: number; out: string } | -1 {
    const split = splitRecord(bytes, at, final);
    if (split.kind === "incomplete") return -1;
    const line = this.#line;
    this.#line += split.kind === "record" ? split.lines : 1;
    const { end } = split;
    if (split.kind === "record" && isBlank(split.fields)) return { end, out: "" };
    this.rows++;
    const raw = () => rawText(bytes, at, end);
    const refuse = (column: string, code: RejectCode, reason: string) => {
      this.rejected++;
      this.onReject({ line, column, code, reason, raw: raw() });
      return { end, out: "" };
    };
    if (split.kind === "malformed") return refuse("", "MALFORMED", malformedReason(bytes.subarray(at, end)));
    const columns = this.#header?.columns ?? [];
    const { fields } = split;
    if (fields.length !== columns.length) {
      return refuse("", "COLUMN_COUNT", `the row has ${fields.length} fields, the header ${columns.length}`);
    }
    const record = bytes.subarray(at, end);
    if (!isUtf8(record)) return refuse("", "INVALID_UTF8", "the row is no UTF-8");
    if (record.includes(0)) return refuse("", "INVALID_UTF8", "the row holds a NUL");
    let out = String(line);
    let key: number | undefined;
    for (const [index, column] of columns.entries()) {
      if (!column) continue;
      const field = checkField(fields[index] ?? "", column);
      if ("code" in field) return refuse(column.name, field.code, field.reason);
      if (column.name === this.dataset.key && field.value !== null) key = Number(field.value);
      out += `,${field.value === null ? "" : column.type === "text" ? escapeText(field.value) : field.value}`;
    }
    this.#noteKey(key);
    return { end, out: `${out}\n` };
  }

  #noteKey(key: number | undefined): void {
    if (key === undefined || !Number.isSafeInteger(key) || key <= this.#lastKey) this.keysAscend = false;
    else this.#lastKey = key;
  }
}

interface FastColumn {
  type: (typeof FAST)[keyof typeof FAST];
  required: boolean;
  key: boolean;
  least: number;
  greatest: number;
}

/** How each column is checked at speed; undefined when a column needs care in every row. */
function fastColumns({ columns }: Header, key: string | undefined): FastColumn[] | undefined {
  const fast = columns.map((column) => fastColumn(column, key));
  return fast.every((column) => column !== undefined) ? fast : undefined;
}

function fastColumn(column: Column | undefined, key: string | undefined): FastColumn | undefined {
  if (!column || !(column.type in FAST)) return undefined;
  return {
    type: FAST[column.type as keyof typeof FAST],
    required: column.required === true,
    key: column.name === key,
    least: column.range ? Number(column.range[0]) : 0,
    greatest: column.range ? Number(column.range[1]) : Number.MAX_SAFE_INTEGER,
  };
}

/** Writes a whole number in decimal. Returns the offset after it. */
function writeNumber(out: Buffer, at: number, value: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  let rest = value;
  for (let index = at + digits - 1; index >= at; index--) {
    const tenth = (rest / 10) | 0;
    out[index] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + digits;
}

function isPlainDate(bytes: Buffer, at: number): boolean {
  if (bytes[at + 4] !== DASH || bytes[at + 7] !== DASH) return false;
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
  return year > 0 && isDay(year, twoDigits(bytes, at + 5), twoDigits(bytes, at + 8));
}

/** Far below zero where a byte is no digit. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1_000_000;
}

/** https://www.postgresql.org/docs/current/sql-copy.html, text format */
function escapeText(value: string): string {
  return value.replace(/[\\,\n\r\t]/g, (character) => ESCAPES[character] ?? character);
}
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  ",": "\\,",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

const isBlank = (fields: readonly string[]): boolean => fields.length === 1 && fields[0]?.trim() === "";

function rawText(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString("utf8", from, Math.min(to, from + RAW_CHARACTERS * 4)).replace(/\r?\n$/, "");
  // A pair of surrogates cut in half is no text for the database.
  return Buffer.from(text.slice(0, RAW_CHARACTERS)).toString().replaceAll("\0", "\\0");
}

/** What csv-parse says of a row that {@link splitRecord} can't take apart. */
function malformedReason(row: Buffer): string {
  try {
    parse(row, { relax_column_count: true });
  } catch (error) {
    if (error instanceof CsvError) return error.message.replace(/\s+at line \d+.*$/, "");
  }
  return "a quote is not closed within the row";
}
