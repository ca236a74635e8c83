import { type AttributeValue, typeOf } from "../item/attribute-value.ts";
import { type Path, parsePath, refuseOverlaps } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";
import { Tokens } from "./tokens.ts";

/** What SET assigns. */
export type Source =
  | { kind: "path"; path: Path }
  | { kind: "value"; value: AttributeValue }
  | { kind: "if_not_exists"; path: Path; otherwise: Source }
  | { kind: "list_append"; first: Source; second: Source }
  | { kind: "+" | "-"; left: Source; right: Source };

export interface Update {
  set: { path: Path; to: Source }[];
  remove: Path[];
  add: { path: Path; value: AttributeValue }[];
  delete: { path: Path; value: AttributeValue }[];
}

const LABEL = "UpdateExpression";
/** The types of which each section takes values, and how errors call the types. */
const ADDED = ["N", "SS", "NS", "BS"];
const DELETED = ["SS", "NS", "BS"];
const TYPE_NAMES: Record<string, string> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  BOOL: "BOOLEAN",
  NULL: "NULL",
  L: "LIST",
  M: "MAP",
  SS: "STRING_SET",
  NS: "NUMBER_SET",
  BS: "BINARY_SET",
};

/**
 * Reads an UpdateExpression: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
 * @throws AwsError ValidationException
 */
export function parseUpdate(source: string, placeholders: Placeholders): Update {
  const tokens = new Tokens(LABEL, source);
  const parser = new UpdateParser(tokens, placeholders);
  const update: Update = { set: [], remove: [], add: [], delete: [] };
  const seen = new Set<string>();
  while (tokens.next.kind !== "end") {
    const section = ["SET", "REMOVE", "ADD", "DELETE"].find((word) => tokens.is(word));
    if (!section) throw tokens.unexpected();
    if (seen.has(section)) {
      throw tokens.invalid(`The "${section}" section can only be used once in an update expression;`);
    }
    seen.add(section);
    tokens.take();
    do {
      if (section === "SET") update.set.push(parser.assignment());
      else if (section === "REMOVE") update.remove.push(parser.path());
      else if (section === "ADD") update.add.push(parser.pair("ADD", ADDED));
      else update.delete.push(parser.pair("DELETE", DELETED));
    } while (tokens.accept(","));
  }
  refuseOverlaps(LABEL, updatedPaths(update));
  return update;
}

/** All paths that an update changes. */
export function updatedPaths({ set, remove, add, delete: deleted }: Update): Path[] {
  return [...[...set, ...add, ...deleted].map(({ path }) => path), ...remove];
}

class UpdateParser {
  constructor(
    private readonly tokens: Tokens,
    private readonly placeholders: Placeholders,
  ) {}

  path(): Path {
    return parsePath(this.tokens, this.placeholders);
  }

  assignment(): Update["set"][number] {
    const path = this.path();
    this.tokens.expect("=");
    const left = this.#source();
    const operator = (["+", "-"] as const).find((sign) => this.tokens.accept(sign));
    if (!operator) return { path, to: left };
    const right = this.#source();
    for (const operand of [left, right]) this.#checkLiteral(operator, operand, ["N"]);
    return { path, to: { kind: operator, left, right } };
  }

  pair(section: string, types: readonly string[]): Update["add"][number] {
    const path = this.path();
    if (this.tokens.next.kind !== "value") throw this.tokens.unexpected();
    const value = this.placeholders.value(this.tokens);
    this.#checkLiteral(section, { kind: "value", value }, types);
    return { path, value };
  }

  #source(): Source {
    const { kind, text } = this.tokens.next;
    if (kind === "value") return { kind: "value", value: this.placeholders.value(this.tokens) };
    if (this.tokens.accept("(")) {
      const inner = this.#source();
      this.tokens.expect(")");
      return inner;
    }
    if (kind !== "word" || this.tokens.peek(1).text !== "(") return { kind: "path", path: this.path() };
    this.tokens.take();
    this.tokens.expect("(");
    const call = this.#call(text);
    this.tokens.expect(")");
    return call;
  }

  #call(name: string): Source {
    if (name === "if_not_exists") {
      const path = this.path();
      this.tokens.expect(",");
      return { kind: name, path, otherwise: this.#source() };
    }
    if (name !== "list_append") throw this.tokens.invalid(`Invalid function name; function: ${name}`);
    const first = this.#source();
    this.tokens.expect(",");
    const second = this.#source();
    for (const operand of [first, second]) this.#checkLiteral(name, operand, ["L"]);
    return { kind: name, first, second };
  }

  /** Refuses a value that could never fit. */
  #checkLiteral(operator: string, operand: Source, types: readonly string[]): void {
    if (operand.kind !== "value" || types.includes(typeOf(operand.value))) return;
    const subject = operator === "list_append" ? "operator or function" : "operator";
    const type = TYPE_NAMES[typeOf(operand.value)];
    throw this.tokens.invalid(
      `Incorrect operand type for operator or function; ${subject}: ${operator}, operand type: ${type}`,
    );
  }
}
