import { type AttributeValue, type Item, typeOf } from "../item/attribute-value.ts";
import { compareValues, sameValue } from "../item/compare.ts";
import { sizeOf } from "../item/size.ts";
import type { Comparator, Condition, FunctionName, Operand } from "./condition.ts";
import { valueAt } from "./paths.ts";

/** Whether a condition holds for an item; what lacks a value or has another type doesn't hold, but for `<>`. */
export function holds(condition: Condition, item: Item): boolean {
  switch (condition.kind) {
    case "and":
      return holds(condition.left, item) && holds(condition.right, item);
    case "or":
      return holds(condition.left, item) || holds(condition.right, item);
    case "not":
      return !holds(condition.of, item);
    case "compare":
      return compares(
        condition.operator,
        operandValue(condition.left, item),
        operandValue(condition.right, item),
      );
    case "between": {
      const value = operandValue(condition.value, item);
      return (
        compares(">=", value, operandValue(condition.low, item)) &&
        compares("<=", value, operandValue(condition.high, item))
      );
    }
    case "in": {
      const value = operandValue(condition.value, item);
      return condition.options.some((option) => compares("=", value, operandValue(option, item)));
    }
    case "function":
      return FUNCTIONS[condition.name](...condition.operands.map((operand) => operandValue(operand, item)));
  }
}

function operandValue(operand: Operand, item: Item): AttributeValue | undefined {
  if (operand.kind === "value") return operand.value;
  if (operand.kind === "path") return valueAt(item, operand.path);
  const value = operandValue(operand.of, item);
  const size = value && sizeOf(value);
  return size === undefined ? undefined : { N: String(size) };
}

function compares(
  operator: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  if (!left || !right) return operator === "<>";
  if (operator === "=") return sameValue(left, right);
  if (operator === "<>") return !sameValue(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

type Value = AttributeValue | undefined;

const FUNCTIONS: Record<FunctionName, (...operands: Value[]) => boolean> = {
  attribute_exists: (value) => value !== undefined,
  attribute_not_exists: (value) => value === undefined,
  attribute_type: (value, type) =>
    value !== undefined && type !== undefined && "S" in type && typeOf(value) === type.S,
  begins_with: (value, start) => {
    if (!value || !start) return false;
    if ("S" in value && "S" in start) return value.S.startsWith(start.S);
    return "B" in value && "B" in start && latin1(value.B).startsWith(latin1(start.B));
  },
  contains: (value, part) => {
    if (!value || !part) return false;
    if ("L" in value) return value.L.some((one) => sameValue(one, part));
    if ("S" in part)
      return "S" in value ? value.S.includes(part.S) : "SS" in value && value.SS.includes(part.S);
    if ("B" in part) {
      return "B" in value
        ? latin1(value.B).includes(latin1(part.B))
        : "BS" in value && value.BS.includes(part.B);
    }
    return "N" in part && "NS" in value && value.NS.includes(part.N);
  },
};

/** Binary as text of one character a byte. */
function latin1(base64: string): string {
  return Buffer.from(base64, "base64").toString("latin1");
}
