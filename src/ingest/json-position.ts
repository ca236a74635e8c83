/** One token of JSON with the white space before it; sticky. */
const TOKEN =
  /[ \t\n\r]*(?:([[\]{},:])|("[^"\\]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\]*)*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w))/y;
const SPACE = /[ \t\n\r]*/y;

/** What may come next. */
type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or end" | "nothing";

/**
 * Where a text stops being JSON: the offset of the first character that cannot be there, the length of the
 * text where it ends too early, or undefined where it is JSON. `JSON.parse` tells this on some versions of
 * Node only.
 */
export function jsonFaultOffset(text: string): number | undefined {
  const open: string[] = [];
  let expected: Expected = "value";
  for (let at = 0; ; ) {
    SPACE.lastIndex = at;
    const space: number = SPACE.exec(text)?.[0].length ?? 0;
    const start: number = at + space;
    if (start >= text.length) return expected === "nothing" ? undefined : text.length;
    TOKEN.lastIndex = at;
    const match: RegExpExecArray | null = TOKEN.exec(text);
    if (!match) return endsInToken(text, start) ? text.length : start;
    const control = controlOffset(match[2] ?? "");
    if (control !== -1) return start + control;
    const next = step(match[1], match[2] !== undefined, expected, open);
    if (!next) return start;
    expected = next;
    at += match[0].length;
  }
}

/** The state after a token, or undefined where the token must not be there. */
function step(
  mark: string | undefined,
  isString: boolean,
  expected: Expected,
  open: string[],
): Expected | undefined {
  const afterValue = (): Expected => (open.length === 0 ? "nothing" : "comma or end");
  const takesValue = expected === "value" || expected === "value or ]";
  if (mark === "{" || mark === "[") {
    if (!takesValue) return undefined;
    open.push(mark);
    return mark === "{" ? "key or }" : "value or ]";
  }
  if (mark === "}" || mark === "]") {
    const fits = expected === "comma or end" || expected === (mark === "}" ? "key or }" : "value or ]");
    if (!fits || open.pop() !== (mark === "}" ? "{" : "[")) return undefined;
    return afterValue();
  }
  if (mark === ",") return expected === "comma or end" ? (open.at(-1) === "{" ? "key" : "value") : undefined;
  if (mark === ":") return expected === "colon" ? "value" : undefined;
  if (expected === "key" || expected === "key or }") return isString ? "colon" : undefined;
  return takesValue ? afterValue() : undefined;
}

/** Whether the text ends in the middle of a string, a number or a word. */
function endsInToken(text: string, start: number): boolean {
  const rest = text.slice(start, start + 65_536);
  if (rest.startsWith('"')) return !/^"[^"\\]*(?:\\.[^"\\]*)*"/s.test(rest) && controlOffset(rest) === -1;
  return /^-?[\d.eE+-]*$/.test(rest) || ["true", "false", "null"].some((word) => word.startsWith(rest));
}

/** Where a string holds a character that must be escaped, e.g. a line break; -1 where it holds none. */
function controlOffset(text: string): number {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x20) return at;
  return -1;
}
