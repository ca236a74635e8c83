import { cut, printable } from "../terminal/printable.ts";

/** Values that need no quotes to be told from what follows. */
const PLAIN = /^[^\s"'={}[\],]+$/;

/** One member of a JSON line. */
export interface FieldText {
  key: string;
  value: string;
}

/** The members of a JSON line as `key=value`, safe for a terminal; a value longer than `most` characters is cut. */
export function fieldTexts(fields: Record<string, unknown>, most: number): FieldText[] {
  return Object.entries(fields).map(([key, value]) => ({
    key: printable(key),
    value: valueText(value, most),
  }));
}

function valueText(value: unknown, most: number): string {
  const isText = typeof value === "string";
  const text = isText && PLAIN.test(value) ? value : (JSON.stringify(value) ?? "null");
  const short =
    text.length > most ? `${cut(text, most)}… (${text.length.toLocaleString("en-US")} characters)` : text;
  return printable(short);
}
