import { FilterPatternError } from "./matcher.ts";
import { numeric, regularExpression, wildcard } from "./text.ts";

/** What stands on the right of an operator. */
export type Operand =
  | { kind: "text"; test: (value: string) => boolean }
  | { kind: "number"; value: number; text: string }
  | { kind: "regex"; expression: RegExp };

const OPERATORS = ["!=", ">=", "<=", "=", ">", "<"] as const;
export type Operator = (typeof OPERATORS)[number];

/** Most regular expressions in one pattern. */
const MAX_EXPRESSIONS = 2;

/** Reads a pattern from left to right. */
export class Scanner {
  #at = 0;
  #expressions = 0;

  constructor(private readonly source: string) {}

  get rest(): string {
    return this.source.slice(this.#at);
  }

  /** Passes over spaces and then over `text`, if it is next. */
  take(text: string): boolean {
    this.#space();
    if (!this.source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.fault(`expected ${text}`);
  }

  /** Passes over spaces and over what `expression` (sticky) matches, and returns it. */
  match(expression: RegExp): string | undefined {
    this.#space();
    expression.lastIndex = this.#at;
    const found = expression.exec(this.source)?.[0];
    if (found) this.#at += found.length;
    return found;
  }

  done(): boolean {
    this.#space();
    return this.#at >= this.source.length;
  }

  operator(): Operator | undefined {
    return OPERATORS.find((operator) => this.take(operator));
  }

  /** A quoted text, a regular expression, a number, or bare text with wildcards. */
  operand(bare: RegExp): Operand {
    const quoted = this.match(/"(?:[^"\\]|\\.)*"/y);
    if (quoted !== undefined) {
      return { kind: "text", test: wildcard(quoted.slice(1, -1).replace(/\\(["\\])/g, "$1")) };
    }
    const expression = this.match(/%(?:[^%\\]|\\.)*%/y);
    if (expression !== undefined) {
      this.#expressions++;
      if (this.#expressions > MAX_EXPRESSIONS) {
        throw new FilterPatternError(`it holds more than ${MAX_EXPRESSIONS} regular expressions`);
      }
      return { kind: "regex", expression: regularExpression(expression.slice(1, -1)) };
    }
    const text = this.match(bare);
    if (!text) throw this.fault("expected a value");
    const value = numeric(text);
    return value === undefined ? { kind: "text", test: wildcard(text) } : { kind: "number", value, text };
  }

  fault(problem: string): FilterPatternError {
    const found = this.rest === "" ? "the end" : `'${this.rest.slice(0, 20)}'`;
    return new FilterPatternError(`${problem} at character ${this.#at + 1}, found ${found}`);
  }

  #space(): void {
    while (/\s/.test(this.source[this.#at] ?? "")) this.#at++;
  }
}

/**
 * Reads `a || b && (c)`; && binds more tightly than ||.
 * @param condition reads one condition, what stands between the operators.
 */
export function booleanExpression<T>(scanner: Scanner, condition: () => (value: T) => boolean) {
  const alternatives = (): ((value: T) => boolean) => {
    const terms = [conjunction()];
    while (scanner.take("||")) terms.push(conjunction());
    return terms.length === 1 && terms[0] ? terms[0] : (value) => terms.some((term) => term(value));
  };
  const conjunction = (): ((value: T) => boolean) => {
    const factors = [factor()];
    while (scanner.take("&&")) factors.push(factor());
    return factors.length === 1 && factors[0] ? factors[0] : (value) => factors.every((each) => each(value));
  };
  const factor = (): ((value: T) => boolean) => {
    if (!scanner.take("(")) return condition();
    const inside = alternatives();
    scanner.expect(")");
    return inside;
  };
  return alternatives();
}
