import { MOST_KEY_BYTES } from "./key-table.ts";

/** What is wrong with a reference; undefined for one that is right. */
export function referenceFault(text: string): string | undefined {
  if (text === "") return "the field is empty";
  if (text.trim() !== text) return "the reference has white space at its beginning or end";
  if (/\p{Cc}/u.test(text)) return "the reference has a control character";
  if (Buffer.byteLength(text) > MOST_KEY_BYTES) return `the reference has more than ${MOST_KEY_BYTES} bytes`;
  return undefined;
}

/** Whether bytes are a reference of printable ASCII; others may be right, too, and are looked at as text. */
export function isPlainReference(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length === 0 || length > MOST_KEY_BYTES) return false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte <= SPACE || byte >= DELETE) return false;
  }
  return true;
}

/** Whether bytes are 1 to 15 digits. */
export function isDigits(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length === 0 || length > 15) return false;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return false;
  }
  return true;
}

/** What is wrong with an order's time: Unix seconds as the partner sends them, or ISO 8601. */
export function timestampFault(text: string): string | undefined {
  if (text === "") return "the field is empty";
  if (/^\d{1,15}$/.test(text)) return undefined;
  if (/^\d{4}-\d\d-\d\d([T ]|$)/.test(text) && !Number.isNaN(Date.parse(text))) return undefined;
  return "the time is neither Unix seconds nor ISO 8601";
}

export function quantityFault(text: string): string | undefined {
  if (text === "") return "the field is empty";
  if (/^\d+(\.\d+)?$/.test(text)) return undefined;
  return /^-\d+(\.\d+)?$/.test(text) ? "the quantity is negative" : "the quantity is no number";
}

const SPACE = 0x20;
const DELETE = 0x7f;
const ZERO = 0x30;
