import { type Members, text } from "../../http/members.ts";
import { conditionFailed, invalidParameter, validation } from "../errors.ts";
import { parseCondition } from "../expressions/condition.ts";
import { holds } from "../expressions/evaluate.ts";
import type { Placeholders } from "../expressions/placeholders.ts";
import type { Item } from "../item/attribute-value.ts";
import { itemBytes } from "../item/size.ts";
import { checkIndexKey, checkItemKey } from "../keys.ts";
import { MAX_ITEM_BYTES } from "../limits.ts";
import { choice } from "../parameters.ts";
import type { TableDefinition } from "../store/definition.ts";

/**
 * Reads a write's ConditionExpression.
 * @returns what throws ConditionalCheckFailedException, with the item where the request wants it, when the
 *   condition doesn't hold
 * @throws AwsError ValidationException
 */
export function conditionOf(input: Members, placeholders: Placeholders): (before: Item | undefined) => void {
  const source = text(input, "ConditionExpression");
  const condition =
    source === undefined ? undefined : parseCondition("ConditionExpression", source, placeholders);
  const shown =
    choice(input, "ReturnValuesOnConditionCheckFailure", ["NONE", "ALL_OLD"], "NONE") === "ALL_OLD";
  return (before) => {
    if (condition && !holds(condition, before ?? {})) throw conditionFailed(shown ? before : undefined);
  };
}

/** Checks an item that is to be stored. @throws AwsError ValidationException */
export function checkItem(definition: TableDefinition, item: Item): void {
  checkItemKey(definition, item);
  for (const index of definition.indexes) checkIndexKey(index, item, index.name);
  if (itemBytes(item) > MAX_ITEM_BYTES) throw validation("Item size has exceeded the maximum allowed size");
}

/** Refuses an update of what names the item. @throws AwsError ValidationException */
export function refuseKeyChange({ hash, range }: TableDefinition, names: Iterable<string>): void {
  for (const name of names) {
    if (name !== hash.name && name !== range?.name) continue;
    throw invalidParameter(`Cannot update attribute ${name}. This attribute is part of the key`);
  }
}
