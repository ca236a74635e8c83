/** Colours and styles: dropped, since they carry no content. CSI with final byte m, 7 and 8 bit. */
const STYLES = /(?:\p{Cc}\[|\u009b)[\d;:]*m/gu;
/** Everything else that could move the cursor, set the title or reorder the text of a terminal. */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const LONE_SURROGATES = /\p{Surrogate}/gu;
const KEPT = new Set(["\n", "\t"]);

/**
 * Text of others made safe for a terminal: it may have lines and tabs, and nothing that controls the terminal.
 * Colours are dropped, other control characters shown as `\x1b`, half a character as U+FFFD.
 */
export function printable(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .replace(STYLES, "")
    .replace(CONTROLS, (character) => (KEPT.has(character) ? character : escaped(character)))
    .replace(LONE_SURROGATES, "\ufffd");
}

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
}

/** The first `length` UTF-16 units of a text, never half a character. */
export function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
