import { ordered } from "./json.ts";
import { FilterPatternError, type Matcher } from "./matcher.ts";
import { booleanExpression, type Operand, type Operator, Scanner } from "./scanner.ts";
import { numeric } from "./text.ts";

/** One field: what its text has to satisfy, or `...` for any number of fields. */
type Field = ((text: string) => boolean) | "...";

const NAME = /[A-Za-z_][\w.-]*/y;
const BARE = /[^\s,\]()&|"%]+/y;
/** Fields of a message: in brackets, in quotation marks, or up to the next space. */
const MESSAGE_FIELD = /\[[^\]]*\]|"(?:[^"\\]|\\.)*"|\S+/g;

/**
 * Space-delimited fields, `[ip, user, ..., status = 4*, bytes > 1000]`: as many fields as the message has,
 * each with an optional condition.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-unstructured-log-events
 */
export function delimitedPattern(source: string): Matcher {
  const scanner = new Scanner(source);
  scanner.expect("[");
  const fields: Field[] = [field(scanner)];
  while (scanner.take(",")) fields.push(field(scanner));
  scanner.expect("]");
  if (!scanner.done()) throw scanner.fault("expected nothing behind ]");
  const ellipsis = fields.indexOf("...");
  if (ellipsis !== fields.lastIndexOf("...")) throw new FilterPatternError("it holds more than one ellipsis");
  return (message) => {
    const texts = (message.match(MESSAGE_FIELD) ?? []).map(unwrap);
    if (ellipsis === -1) return texts.length === fields.length && holds(fields, texts);
    const after = fields.slice(ellipsis + 1);
    if (texts.length < fields.length - 1) return false;
    return holds(fields.slice(0, ellipsis), texts) && holds(after, texts.slice(texts.length - after.length));
  };
}

function holds(fields: Field[], texts: string[]): boolean {
  return fields.every((test, index) => test === "..." || test(texts[index] ?? ""));
}

function field(scanner: Scanner): Field {
  if (scanner.take("...")) return "...";
  let conditions = 0;
  const test = booleanExpression<string>(scanner, () => {
    if (!scanner.match(NAME)) throw scanner.fault("expected a field name or ...");
    const operator = scanner.operator();
    if (!operator) return () => true;
    conditions++;
    return comparison(scanner, operator, scanner.operand(BARE));
  });
  return conditions > 0 ? test : () => true;
}

function comparison(scanner: Scanner, operator: Operator, operand: Operand): (text: string) => boolean {
  if (operator === "=" || operator === "!=") {
    const equal = equality(operand);
    return operator === "=" ? equal : (text) => !equal(text);
  }
  if (operand.kind !== "number") throw scanner.fault(`${operator} needs a number`);
  return (text) => {
    const value = numeric(text);
    return value !== undefined && ordered(operator, value, operand.value);
  };
}

function equality(operand: Operand): (text: string) => boolean {
  if (operand.kind === "regex") return (text) => operand.expression.test(text);
  if (operand.kind === "number") return (text) => text === operand.text || numeric(text) === operand.value;
  return operand.test;
}

function unwrap(text: string): string {
  const wrapped = /^\[(.*)\]$/s.exec(text) ?? /^"(.*)"$/s.exec(text);
  return wrapped?.[1] ?? text;
}
