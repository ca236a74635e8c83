import { type Members, text } from "../../http/members.ts";
import { validation } from "../errors.ts";
import { applyUpdate } from "../expressions/apply-update.ts";
import type { Path } from "../expressions/paths.ts";
import { Placeholders } from "../expressions/placeholders.ts";
import { parseUpdate, updatedPaths } from "../expressions/update.ts";
import { readItem } from "../item/attribute-value.ts";
import { itemBytes } from "../item/size.ts";
import { entryKey } from "../keys.ts";
import { requiredKey, requiredStructure, requiredTable } from "../parameters.ts";
import type { Database, Write } from "../store/database.ts";
import { checkItem, conditionOf, refuseKeyChange } from "./check.ts";

/** A write as a request asks for it, alone or in a transaction. */
export interface PreparedWrite extends Write {
  /** Bytes of what the request carries. */
  bytes: number;
}

/** @throws AwsError ValidationException, ResourceNotFoundException */
export function preparePut(database: Database, input: Members): PreparedWrite {
  const table = requiredTable(database, input);
  const item = readItem(requiredStructure(input, "Item"));
  checkItem(table.definition, item);
  const placeholders = new Placeholders(input, ["ConditionExpression"]);
  const check = conditionOf(input, placeholders);
  placeholders.checkAllUsed();
  return {
    table,
    place: entryKey(table.definition, item),
    bytes: itemBytes(item),
    decide: (before) => {
      check(before);
      return item;
    },
  };
}

/** @throws AwsError ValidationException, ResourceNotFoundException */
export function prepareDelete(database: Database, input: Members): PreparedWrite {
  const checked = prepareCheck(database, input);
  return {
    ...checked,
    decide: (before) => {
      checked.decide(before);
      return null;
    },
  };
}

/** A write that changes nothing: a transaction's ConditionCheck. @throws AwsError ValidationException, ResourceNotFoundException */
export function prepareCheck(database: Database, input: Members): PreparedWrite {
  const table = requiredTable(database, input);
  const key = requiredKey(table.definition, input);
  const placeholders = new Placeholders(input, ["ConditionExpression"]);
  const check = conditionOf(input, placeholders);
  placeholders.checkAllUsed();
  return {
    table,
    place: entryKey(table.definition, key),
    bytes: itemBytes(key),
    decide: (before) => {
      check(before);
      return undefined;
    },
  };
}

/** @throws AwsError ValidationException, ResourceNotFoundException */
export function prepareUpdate(database: Database, input: Members): PreparedWrite & { paths: Path[] } {
  const table = requiredTable(database, input);
  const { definition } = table;
  const key = requiredKey(definition, input);
  const placeholders = new Placeholders(input, ["UpdateExpression", "ConditionExpression"]);
  const source = text(input, "UpdateExpression");
  const update = source === undefined ? undefined : parseUpdate(source, placeholders);
  const check = conditionOf(input, placeholders);
  placeholders.checkAllUsed();
  const paths = update ? updatedPaths(update) : [];
  refuseKeyChange(
    definition,
    paths.map(([name]) => name),
  );
  return {
    table,
    place: entryKey(definition, key),
    bytes: itemBytes(key),
    paths,
    decide: (before) => {
      check(before);
      const after = update ? applyUpdate(update, before ?? key) : (before ?? key);
      try {
        checkItem(definition, after);
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        if (code !== "ValidationException" || !message.startsWith("Item size")) throw error;
        throw validation("Item size to update has exceeded the maximum allowed size");
      }
      return after;
    },
  };
}
