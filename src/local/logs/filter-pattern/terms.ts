import { FilterPatternError, type Matcher } from "./matcher.ts";
import { regularExpression } from "./text.ts";

/** One term with its sign: `-` excludes, `?` makes it one of several. */
const TERM = /\s*([-?]?)("(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)*%|[^\s"%]+)/y;
const WORD = /^\w+$/;

/**
 * Terms: all plain ones must occur, none of the excluded ones. Where there are only `?` terms, one of them
 * has to; beside other terms they count for nothing, as on AWS.
 */
export function termsPattern(source: string): Matcher {
  const required: Matcher[] = [];
  const excluded: Matcher[] = [];
  const optional: Matcher[] = [];
  TERM.lastIndex = 0;
  while (TERM.lastIndex < source.length) {
    const at = TERM.lastIndex;
    const match = TERM.exec(source);
    if (!match) throw new FilterPatternError(`unclosed quotation mark or % at character ${at + 1}`);
    const [, sign = "", text = ""] = match;
    (sign === "-" ? excluded : sign === "?" ? optional : required).push(term(text));
  }
  if (required.length === 0 && excluded.length === 0) {
    return (message) => optional.some((matches) => matches(message));
  }
  return (message) =>
    required.every((matches) => matches(message)) && !excluded.some((matches) => matches(message));
}

function term(text: string): Matcher {
  if (text.startsWith('"')) {
    const phrase = text.slice(1, -1).replace(/\\(["\\])/g, "$1");
    return (message) => message.includes(phrase);
  }
  if (text.startsWith("%")) {
    const expression = regularExpression(text.slice(1, -1));
    return (message) => expression.test(message);
  }
  if (!WORD.test(text)) {
    throw new FilterPatternError(
      `Invalid character(s) in term '${text}': put terms with anything but letters, digits and _ in quotation marks`,
    );
  }
  return (message) => message.includes(text);
}
