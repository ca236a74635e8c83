import { cut, printable } from "../terminal/printable.ts";

/** Values that need no quotes to be told from what follows. */
const PLAIN = /^[^\s"'={}[\],]+$/;

/** The members of a JSON line as `key=value`, safe for a terminal; a value longer than `most` characters is cut. */
export function fieldTexts(fields: Record<string, unknown>, most: number): { key: string; value: string }[] {
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
