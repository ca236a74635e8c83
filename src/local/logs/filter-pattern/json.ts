import type { Matcher } from "./matcher.ts";
import { booleanExpression, type Operand, type Operator, Scanner } from "./scanner.ts";

const SELECTOR = /\$(?:\.[^\s.[\](){}=!<>&|,"'%]+|\[(?:\d+|\*|'[^']*'|"[^"]*")\])+/y;
const STEP = /\.([^.[\]]+)|\[(?:(\d+|\*)|'([^']*)'|"([^"]*)")\]/g;
/** Bare text ends where something else of the syntax begins. */
const BARE = /[^\s(){}"%&|,]+/y;

/** A selector's steps; `*` stands for every member or element. */
type Step = string | number;

/**
 * JSON conditions over the message, which must be a JSON object or array as a whole.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-json-log-events
 */
export function jsonPattern(source: string): Matcher {
  const scanner = new Scanner(source);
  scanner.expect("{");
  const matches = booleanExpression<unknown>(scanner, () => condition(scanner));
  scanner.expect("}");
  if (!scanner.done()) throw scanner.fault("expected nothing behind }");
  return (message) => {
    const first = message.trimStart()[0];
    if (first !== "{" && first !== "[") return false;
    try {
      return matches(JSON.parse(message));
    } catch {
      // A message that only begins like JSON is no JSON event.
      return false;
    }
  };
}

function condition(scanner: Scanner): (event: unknown) => boolean {
  const text = scanner.match(SELECTOR);
  if (!text) throw scanner.fault("expected a selector such as $.level");
  const steps = selector(text);
  const word = scanner.match(/(?:IS\s+(?:NULL|TRUE|FALSE)|NOT\s+EXISTS|EXISTS)\b/iy);
  if (word) return keyword(steps, word.toUpperCase().replace(/\s+/, " "));
  const operator = scanner.operator();
  if (!operator) throw scanner.fault("expected =, !=, <, >, <=, >=, IS or NOT EXISTS");
  const test = comparison(operator, scanner.operand(BARE));
  if (!test) throw scanner.fault(`${operator} needs a number`);
  // Of several selected values != must hold for each, the others for one.
  const quantified = operator === "!=" ? "every" : "some";
  return (event) => {
    const values = select(event, steps);
    return values.length > 0 && values[quantified](test);
  };
}

function keyword(steps: Step[], word: string): (event: unknown) => boolean {
  if (word === "NOT EXISTS") return (event) => select(event, steps).length === 0;
  if (word === "EXISTS") return (event) => select(event, steps).length > 0;
  const wanted = word === "IS NULL" ? null : word === "IS TRUE";
  return (event) => select(event, steps).some((value) => value === wanted);
}

function comparison(operator: Operator, operand: Operand): ((value: unknown) => boolean) | undefined {
  if (operator === "=" || operator === "!=") {
    const equal = equality(operand);
    return operator === "=" ? equal : (value) => !equal(value);
  }
  if (operand.kind !== "number") return undefined;
  const right = operand.value;
  return (value) => typeof value === "number" && ordered(operator, value, right);
}

function equality(operand: Operand): (value: unknown) => boolean {
  if (operand.kind === "number") return (value) => value === operand.value || value === operand.text;
  const test = operand.kind === "regex" ? (text: string) => operand.expression.test(text) : operand.test;
  return (value) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? test(String(value))
      : false;
}

/** Whether `left operator right` holds. */
export function ordered(operator: Operator, left: number, right: number): boolean {
  if (operator === ">") return left > right;
  if (operator === "<") return left < right;
  return operator === ">=" ? left >= right : left <= right;
}

function selector(text: string): Step[] {
  return [...text.matchAll(STEP)].map(([, name, index, single, double]) => {
    if (index !== undefined && index !== "*") return Number(index);
    return name ?? index ?? single ?? double ?? "";
  });
}

/** Every value that the steps lead to. */
function select(event: unknown, steps: Step[]): unknown[] {
  let values: unknown[] = [event];
  for (const step of steps) values = values.flatMap((value) => children(value, step));
  return values;
}

function children(value: unknown, step: Step): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  if (step === "*") return Object.values(value);
  if (typeof step === "number") return Array.isArray(value) && step < value.length ? [value[step]] : [];
  return Object.hasOwn(value, step) ? [(value as Record<string, unknown>)[step]] : [];
}
