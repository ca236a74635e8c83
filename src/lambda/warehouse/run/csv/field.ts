import type { Column } from "../datasets.ts";

/** Why a row was refused. */
export const REJECTIONS = {
  MALFORMED: "the quotes of the row are not as CSV has them",
  COLUMN_COUNT: "the row has more or fewer fields than the header",
  INVALID_UTF8: "the row is no UTF-8, or holds a NUL",
  REQUIRED: "a field that must have a value is empty",
  NOT_AN_INTEGER: "the field is no whole number, or out of the column's range",
  NOT_A_NUMBER: "the field is no number",
  NOT_A_DATE: "the field is no day of the calendar, written yyyy-mm-dd",
  NOT_A_BOOLEAN: "the field is neither true nor false",
  DUPLICATE: "an earlier row has the same key",
  NO_ORDER: "the shipment's order is not in the batch",
  UNKNOWN_PRODUCT: "the review's product is not in the batch",
} as const;

export type RejectCode = keyof typeof REJECTIONS;

export interface FieldFault {
  code: RejectCode;
  reason: string;
}

/** What goes into the database for a field, as text; null for NULL. */
export type Field = { value: string | null } | FieldFault;

const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;
/** Digits that fit every integer column without a range of its own. */
const PLAIN = /^\d{1,18}$/;
const WHOLE = /^[+-]?\d{1,25}$/;
/** As many digits as any price has, and numeric of PostgreSQL keeps exactly. */
const NUMBER = /^[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const BOOLEANS: Readonly<Record<string, string>> = {
  true: "t",
  t: "t",
  yes: "t",
  y: "t",
  "1": "t",
  false: "f",
  f: "f",
  no: "f",
  n: "f",
  "0": "f",
};
const SHOWN_CHARACTERS = 40;

/** Checks one field. White space around values counts only in text. */
export function checkField(raw: string, column: Column): Field {
  const value = column.type === "text" ? raw : raw.trim();
  if (value === "") {
    if (!column.required) return { value: null };
    return { code: "REQUIRED", reason: `${column.name} must have a value` };
  }
  switch (column.type) {
    case "integer":
      return checkInteger(value, column);
    case "decimal":
      if (NUMBER.test(value)) return { value };
      return { code: "NOT_A_NUMBER", reason: `${shown(value)} is no number` };
    case "date":
      if (isDate(value)) return { value };
      return { code: "NOT_A_DATE", reason: `${shown(value)} is no day of the calendar (yyyy-mm-dd)` };
    case "boolean": {
      const known = BOOLEANS[value.toLowerCase()];
      if (known) return { value: known };
      return { code: "NOT_A_BOOLEAN", reason: `${shown(value)} is neither true nor false` };
    }
    case "text":
      return { value };
  }
}

function checkInteger(value: string, column: Column): Field {
  if (PLAIN.test(value) && !column.range) return { value };
  if (!WHOLE.test(value)) return { code: "NOT_AN_INTEGER", reason: `${shown(value)} is no whole number` };
  const [least, greatest] = column.range ?? INT64;
  const number = BigInt(value.replace("+", ""));
  if (number >= least && number <= greatest) return { value: String(number) };
  return { code: "NOT_AN_INTEGER", reason: `${value} is not within ${least} to ${greatest}` };
}

/** Whether text is a day that exists: the Gregorian calendar, years 0001 to 9999. */
export function isDate(text: string): boolean {
  const match = DATE.exec(text);
  return match !== null && isDay(Number(match[1]), Number(match[2]), Number(match[3]));
}

export function isDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31) return false;
  if (day <= 28) return true;
  if (month === 2) return day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= 30 || (month !== 4 && month !== 6 && month !== 9 && month !== 11);
}

const shown = (value: string): string => {
  const short = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}...` : value;
  // A pair of surrogates cut in half is no text for the database.
  return JSON.stringify(Buffer.from(short).toString());
};
