import { type AttributeValue, TYPES, typeOf } from "../item/attribute-value.ts";
import { compareValues } from "../item/compare.ts";
import { MAX_OPERATORS } from "../limits.ts";
import { type Path, parsePath, showPath } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";
import { Tokens } from "./tokens.ts";

/** What a comparison or function works on. */
export type Operand =
  | { kind: "path"; path: Path }
  | { kind: "value"; value: AttributeValue }
  | { kind: "size"; of: Operand };

export const COMPARATORS = ["=", "<>", "<", "<=", ">", ">="] as const;
export type Comparator = (typeof COMPARATORS)[number];

/** Functions that are conditions, with the number of their operands. */
const FUNCTIONS = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
} as const;
export type FunctionName = keyof typeof FUNCTIONS;

/** A condition, as a tree. */
export type Condition =
  | { kind: "and" | "or"; left: Condition; right: Condition }
  | { kind: "not"; of: Condition }
  | { kind: "compare"; operator: Comparator; left: Operand; right: Operand }
  | { kind: "between"; value: Operand; low: Operand; high: Operand }
  | { kind: "in"; value: Operand; options: Operand[] }
  | { kind: "function"; name: FunctionName; operands: Operand[] };

/** Operands of IN. */
const MAX_IN = 100;

/**
 * Reads a condition: OR binds weakest, then AND, then NOT.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 * @param label the request's member, such as `ConditionExpression`
 * @throws AwsError ValidationException
 */
export function parseCondition(label: string, source: string, placeholders: Placeholders): Condition {
  return new ConditionParser(new Tokens(label, source), placeholders).parse();
}

class ConditionParser {
  #operators = 0;

  constructor(
    private readonly tokens: Tokens,
    private readonly placeholders: Placeholders,
  ) {}

  parse(): Condition {
    const condition = this.#or();
    if (this.tokens.next.kind !== "end") throw this.tokens.unexpected();
    return condition;
  }

  #or(): Condition {
    let left = this.#and();
    while (this.tokens.accept("OR")) left = this.#counted({ kind: "or", left, right: this.#and() });
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.tokens.accept("AND")) left = this.#counted({ kind: "and", left, right: this.#not() });
    return left;
  }

  #not(): Condition {
    if (this.tokens.accept("NOT")) return this.#counted({ kind: "not", of: this.#not() });
    if (this.tokens.accept("(")) {
      const condition = this.#or();
      this.tokens.expect(")");
      return condition;
    }
    return this.#counted(this.#isCall() ? this.#call() : this.#comparison());
  }

  #isCall(): boolean {
    const { kind, text } = this.tokens.next;
    return kind === "word" && this.tokens.peek(1).text === "(" && text !== "size";
  }

  #call(): Condition {
    const name = this.tokens.take().text;
    if (!Object.hasOwn(FUNCTIONS, name))
      throw this.tokens.invalid(`Invalid function name; function: ${name}`);
    const known = name as FunctionName;
    const operands = this.#operandList();
    if (operands.length !== FUNCTIONS[known]) {
      throw this.#misused("Incorrect number of operands for operator or function", known, operands.length);
    }
    this.#checkOperands(known, operands);
    return { kind: "function", name: known, operands };
  }

  #checkOperands(name: FunctionName, [first, second]: Operand[]): void {
    if (name === "attribute_exists" || name === "attribute_not_exists") {
      if (first?.kind !== "path") {
        throw this.tokens.invalid(
          `Operator or function requires a document path; operator or function: ${name}`,
        );
      }
    }
    if (name === "attribute_type") {
      const type = second?.kind === "value" && "S" in second.value ? second.value.S : undefined;
      if (type === undefined) throw this.#wrongType(name, second);
      if (!(TYPES as readonly string[]).includes(type)) {
        throw this.tokens.invalid(
          `Invalid attribute type name found; type: ${type}, valid types: {${TYPES.join(",")}}`,
        );
      }
    }
    if (name === "begins_with") {
      for (const operand of [first, second]) {
        if (operand?.kind === "value" && !("S" in operand.value || "B" in operand.value)) {
          throw this.#wrongType(name, operand);
        }
      }
    }
  }

  #comparison(): Condition {
    const value = this.#operand();
    if (this.tokens.accept("BETWEEN")) {
      const low = this.#operand();
      this.tokens.expect("AND");
      const high = this.#operand();
      this.#checkBounds(low, high);
      return { kind: "between", value, low, high };
    }
    if (this.tokens.accept("IN")) {
      const options = this.#operandList();
      if (options.length === 0 || options.length > MAX_IN) {
        throw this.#misused("Incorrect number of operands for operator or function", "IN", options.length);
      }
      return { kind: "in", value, options };
    }
    const operator = COMPARATORS.find((one) => this.tokens.is(one));
    if (!operator) throw this.tokens.unexpected();
    this.tokens.take();
    const right = this.#operand();
    if (operator !== "=" && operator !== "<>") {
      for (const operand of [value, right]) this.#checkOrdered(operator, operand);
    }
    if (value.kind === "path" && right.kind === "path" && showPath(value.path) === showPath(right.path)) {
      throw this.tokens.invalid(
        `The first operand must be distinct from the remaining operands for this operator or function; operator: ${operator}, first operand: ${showPath(value.path)}`,
      );
    }
    return { kind: "compare", operator, left: value, right };
  }

  #checkOrdered(operator: string, operand: Operand): void {
    if (operand.kind !== "value" || ["S", "N", "B"].includes(typeOf(operand.value))) return;
    throw this.#wrongType(operator, operand);
  }

  #checkBounds(low: Operand, high: Operand): void {
    for (const operand of [low, high]) this.#checkOrdered("BETWEEN", operand);
    if (low.kind !== "value" || high.kind !== "value") return;
    const order = compareValues(low.value, high.value);
    if (order === undefined) {
      throw this.tokens.invalid(
        `The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: ${show(low.value)}, upper bound operand: AttributeValue: ${show(high.value)}`,
      );
    }
    if (order > 0) {
      throw this.tokens.invalid(
        `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: ${show(low.value)}, upper bound operand: AttributeValue: ${show(high.value)}`,
      );
    }
  }

  #operandList(): Operand[] {
    this.tokens.expect("(");
    const operands: Operand[] = [];
    if (this.tokens.accept(")")) return operands;
    do operands.push(this.#operand());
    while (this.tokens.accept(","));
    this.tokens.expect(")");
    return operands;
  }

  #operand(): Operand {
    const { kind, text } = this.tokens.next;
    if (kind === "value") return { kind: "value", value: this.placeholders.value(this.tokens) };
    if (kind === "word" && this.tokens.peek(1).text === "(") {
      if (text !== "size") {
        throw this.tokens.invalid(
          Object.hasOwn(FUNCTIONS, text)
            ? `The function is not allowed to be used this way in an expression; function: ${text}`
            : `Invalid function name; function: ${text}`,
        );
      }
      this.tokens.take();
      const operands = this.#operandList();
      const [of] = operands;
      if (!of || operands.length > 1) {
        throw this.#misused("Incorrect number of operands for operator or function", "size", operands.length);
      }
      return { kind: "size", of };
    }
    return { kind: "path", path: parsePath(this.tokens, this.placeholders) };
  }

  #counted<T extends Condition>(condition: T): T {
    this.#operators++;
    if (this.#operators > MAX_OPERATORS) {
      throw this.tokens.invalid(
        `The expression contains too many operators; operator count: ${this.#operators}`,
      );
    }
    return condition;
  }

  #misused(what: string, name: string, count: number): Error {
    return this.tokens.invalid(`${what}; operator or function: ${name}, number of operands: ${count}`);
  }

  #wrongType(name: string, operand: Operand | undefined): Error {
    const type = operand?.kind === "value" ? typeOf(operand.value) : "path";
    const subject = name in FUNCTIONS ? "operator or function" : "operator";
    return this.tokens.invalid(
      `Incorrect operand type for operator or function; ${subject}: ${name}, operand type: ${type}`,
    );
  }
}

function show(value: AttributeValue): string {
  const type = typeOf(value);
  return `{${type}:${String((value as Record<string, unknown>)[type])}}`;
}
