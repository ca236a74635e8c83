import type { Operation } from "../../http/json-protocol.ts";
import { flag } from "../../http/members.ts";
import { validation } from "../errors.ts";
import type { Condition, Operand } from "../expressions/condition.ts";
import { Placeholders } from "../expressions/placeholders.ts";
import { keyAttributes } from "../keys.ts";
import { requiredTable, requiredText } from "../parameters.ts";
import { parseKeyCondition } from "../reads/key-condition.ts";
import { pageReader } from "../reads/page.ts";
import { type Source, sourceOf, startPlace } from "../reads/source.ts";
import type { Database } from "../store/database.ts";

const EXPRESSIONS = ["KeyConditionExpression", "FilterExpression", "ProjectionExpression"];

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html */
export function query(database: Database): Operation {
  return (input) => {
    const source = sourceOf(requiredTable(database, input), input);
    const placeholders = new Placeholders(input, EXPRESSIONS);
    if (input.KeyConditionExpression === undefined) {
      throw validation(
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
      );
    }
    const condition = requiredText(input, "KeyConditionExpression");
    const { start, end } = parseKeyCondition(condition, source.schema, placeholders);
    const page = pageReader(source, input, placeholders);
    placeholders.checkAllUsed();
    if (page.filter) refuseKeys(source, page.filter);
    const after = startPlace(source, input);
    if (after !== undefined && (after < start || after >= end)) {
      throw validation("The provided starting key is outside query boundaries based on provided conditions");
    }
    if (flag(input, "ScanIndexForward") ?? true) {
      return page.read(source.entries.ascending(after === undefined ? start : `${after}\0`, end));
    }
    return page.read(source.entries.descending(start, after ?? end));
  };
}

/** A filter of Query sees no attribute of the key: that belongs in the key condition. */
function refuseKeys({ schema }: Source, filter: Condition): void {
  const names = new Set(attributesIn(filter));
  const key = keyAttributes(schema).find(({ name }) => names.has(name));
  if (!key) return;
  throw validation(
    `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${key.name}`,
  );
}

function attributesIn(condition: Condition): string[] {
  switch (condition.kind) {
    case "and":
    case "or":
      return [...attributesIn(condition.left), ...attributesIn(condition.right)];
    case "not":
      return attributesIn(condition.of);
    case "compare":
      return [condition.left, condition.right].flatMap(namesIn);
    case "between":
      return [condition.value, condition.low, condition.high].flatMap(namesIn);
    case "in":
      return [condition.value, ...condition.options].flatMap(namesIn);
    case "function":
      return condition.operands.flatMap(namesIn);
  }
}

function namesIn(operand: Operand): string[] {
  if (operand.kind === "size") return namesIn(operand.of);
  return operand.kind === "path" ? [operand.path[0]] : [];
}
