import { type Members, text } from "../../http/members.ts";
import { Consumed, readUnits } from "../capacity.ts";
import { type Condition, parseCondition } from "../expressions/condition.ts";
import { holds } from "../expressions/evaluate.ts";
import type { Placeholders } from "../expressions/placeholders.ts";
import type { Item } from "../item/attribute-value.ts";
import { itemBytes } from "../item/size.ts";
import { PAGE_BYTES } from "../limits.ts";
import { atLeast, isConsistent } from "../parameters.ts";
import { parseItem } from "../store/table.ts";
import { projectionOf } from "./projection.ts";
import { countsOnly, lastKey, type Source } from "./source.ts";

/** How one request of Query or Scan reads its entries. */
export interface PageReader {
  filter: Condition | undefined;
  /** Reads entries until the page is full. */
  read(entries: Iterable<[string, string]>): object;
}

/**
 * Reads what Query and Scan have in common: Limit, Select, FilterExpression, ProjectionExpression. Limit and the
 * page's size count items before the filter, as on AWS; a page that ends at its limit names its last key even when
 * nothing follows.
 * @throws AwsError ValidationException
 */
export function pageReader(source: Source, input: Members, placeholders: Placeholders): PageReader {
  const consumed = new Consumed(input);
  const limit = atLeast(input, "Limit", 1) ?? Number.POSITIVE_INFINITY;
  const countOnly = countsOnly(input, source);
  const shown = projectionOf(input, placeholders);
  const filterText = text(input, "FilterExpression");
  const filter =
    filterText === undefined ? undefined : parseCondition("FilterExpression", filterText, placeholders);
  const how = isConsistent(input) ? "consistent" : "eventual";
  return {
    filter,
    read: (entries) => {
      const items: Item[] = [];
      let count = 0;
      let scanned = 0;
      let bytes = 0;
      let last: Item | undefined;
      for (const [, entry] of entries) {
        const whole = parseItem(entry);
        const item = source.held(whole);
        scanned++;
        bytes += itemBytes(item);
        if (!filter || holds(filter, item)) {
          count++;
          if (!countOnly) items.push(shown(item));
        }
        if (scanned < limit && bytes < PAGE_BYTES) continue;
        last = lastKey(source, whole);
        break;
      }
      consumed.add(source.table.definition.name, readUnits(bytes, how));
      return {
        ...(countOnly ? {} : { Items: items }),
        Count: count,
        ScannedCount: scanned,
        ...(last ? { LastEvaluatedKey: last } : {}),
        ...consumed.one(),
      };
    },
  };
}
