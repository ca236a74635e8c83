import { validation } from "../errors.ts";
import { MAX_EXPRESSION_BYTES } from "../limits.ts";

/** One word or sign of an expression. */
export interface Token {
  kind: "word" | "name" | "value" | "number" | "sign" | "end";
  text: string;
  /** Where it begins and ends, in characters. */
  start: number;
  end: number;
}

/** White space, then a word, `#name`, `:value`, number or sign. */
const TOKEN =
  /\s*(?:([A-Za-z_][A-Za-z0-9_]*)|(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|(\d+)|(<>|<=|>=|[=<>()[\].,+-]))/y;
const KINDS = ["word", "name", "value", "number", "sign"] as const;

/** The tokens of one expression, read from left to right. */
export class Tokens {
  readonly #tokens: Token[];
  #at = 0;

  /**
   * @param label as errors name the expression, such as `FilterExpression`
   * @throws AwsError ValidationException for an empty, too long or unreadable expression
   */
  constructor(
    readonly label: string,
    readonly source: string,
  ) {
    if (source.trim() === "") throw validation(`Invalid ${label}: The expression can not be empty;`);
    if (Buffer.byteLength(source) > MAX_EXPRESSION_BYTES) {
      throw validation(
        `Invalid ${label}: Expression size has exceeded the maximum allowed size; expression size: ${Buffer.byteLength(source)}`,
      );
    }
    this.#tokens = this.#scan();
  }

  /** The next token, which stays. */
  get next(): Token {
    return this.peek(0);
  }

  peek(ahead: number): Token {
    const { length } = this.source;
    return this.#tokens[this.#at + ahead] ?? { kind: "end", text: "<EOF>", start: length, end: length };
  }

  take(): Token {
    const token = this.next;
    this.#at++;
    return token;
  }

  /** Takes the next token if it is this sign, or this word in any case. */
  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.#at++;
    return true;
  }

  /** Whether the next token is this sign, or this word in any case. */
  is(text: string): boolean {
    const { kind, text: actual } = this.next;
    return kind === "sign" ? actual === text : kind === "word" && actual.toUpperCase() === text;
  }

  /** @throws AwsError ValidationException when the next token is another */
  expect(text: string): void {
    if (!this.accept(text)) throw this.unexpected();
  }

  /** The error for a token that cannot stand where it stands. */
  unexpected(): Error {
    const before = this.#tokens[this.#at - 1] ?? this.next;
    const near = this.source.slice(before.start, this.peek(1).end);
    return this.invalid(`Syntax error; token: "${this.next.text}", near: "${near}"`);
  }

  /** The error of this expression. */
  invalid(message: string): Error {
    return validation(`Invalid ${this.label}: ${message}`);
  }

  #scan(): Token[] {
    const tokens: Token[] = [];
    const source = this.source.trimEnd();
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < source.length) {
      const start = TOKEN.lastIndex;
      const match = TOKEN.exec(source);
      if (!match) {
        const rest = source.slice(start).trimStart();
        throw this.invalid(`Syntax error; token: "${rest.charAt(0)}", near: "${rest.slice(0, 10)}"`);
      }
      const index = match.slice(1).findIndex((group) => group !== undefined);
      const text = match[index + 1] ?? "";
      tokens.push({
        kind: KINDS[index] ?? "sign",
        text,
        start: TOKEN.lastIndex - text.length,
        end: TOKEN.lastIndex,
      });
    }
    return tokens;
  }
}
