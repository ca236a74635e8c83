import { type Members, structure, text } from "../../http/members.ts";
import { validation } from "../errors.ts";
import { type AttributeValue, readValue } from "../item/attribute-value.ts";
import { isReserved } from "./reserved-words.ts";
import type { Tokens } from "./tokens.ts";

const NAMES = "ExpressionAttributeNames";
const VALUES = "ExpressionAttributeValues";

/** What `#name` and `:value` stand for in the expressions of one request; all must be used. */
export class Placeholders {
  readonly #names: Record<string, string>;
  readonly #values: Record<string, AttributeValue>;
  readonly #used = new Set<string>();

  /**
   * @param expressions the request's members that hold expressions
   * @throws AwsError ValidationException
   */
  constructor(input: Members, expressions: readonly string[]) {
    const names = structure(input, NAMES);
    const values = structure(input, VALUES);
    const given = expressions.some((name) => text(input, name) !== undefined);
    for (const [member, content] of [
      [NAMES, names],
      [VALUES, values],
    ] as const) {
      if (!content) continue;
      if (!given) throw validation(`${member} can only be specified when using expressions`);
      if (Object.keys(content).length === 0) throw validation(`${member} must not be empty`);
      const sign = member === NAMES ? "#" : ":";
      for (const key of Object.keys(content)) {
        if (new RegExp(`^${sign}[A-Za-z0-9_]+$`).test(key)) continue;
        throw validation(`${member} contains invalid key: Syntax error; key: "${key}"`);
      }
    }
    this.#names = Object.fromEntries(Object.keys(names ?? {}).map((key) => [key, nameIn(names ?? {}, key)]));
    this.#values = Object.fromEntries(
      Object.entries(values ?? {}).map(([key, value]) => [key, valueIn(key, value)]),
    );
  }

  /** The attribute that the next token names. @throws AwsError ValidationException */
  name(tokens: Tokens): string {
    const { kind, text: word } = tokens.next;
    if (kind === "word") {
      if (isReserved(word)) {
        throw tokens.invalid(`Attribute name is a reserved keyword; reserved keyword: ${word}`);
      }
      return tokens.take().text;
    }
    if (kind !== "name") throw tokens.unexpected();
    const name = this.#names[word];
    if (name === undefined) {
      throw tokens.invalid(
        `An expression attribute name used in the document path is not defined; attribute name: ${word}`,
      );
    }
    this.#used.add(word);
    return tokens.take() && name;
  }

  /** The value that the next token, a `:value`, stands for. @throws AwsError ValidationException */
  value(tokens: Tokens): AttributeValue {
    const { text: word } = tokens.take();
    const value = this.#values[word];
    if (value === undefined) {
      throw tokens.invalid(
        `An expression attribute value used in expression is not defined; attribute value: ${word}`,
      );
    }
    this.#used.add(word);
    return value;
  }

  /** @throws AwsError ValidationException when something was given that no expression uses */
  checkAllUsed(): void {
    for (const [member, content] of [
      [NAMES, this.#names],
      [VALUES, this.#values],
    ] as const) {
      const unused = Object.keys(content).filter((key) => !this.#used.has(key));
      if (unused.length > 0) {
        throw validation(`Value provided in ${member} unused in expressions: keys: {${unused.join(", ")}}`);
      }
    }
  }
}

function nameIn(names: Members, key: string): string {
  const name = text(names, key) ?? "";
  if (name === "") throw validation(`${NAMES} contains invalid value: Empty attribute name for key ${key}`);
  return name;
}

function valueIn(key: string, value: unknown): AttributeValue {
  try {
    return readValue(value);
  } catch (error) {
    if ((error as { code?: string }).code !== "ValidationException") throw error;
    throw validation(`${VALUES} contains invalid value: ${(error as Error).message} for key ${key}`);
  }
}
