import type { Operation } from "../../http/json-protocol.ts";
import { structures } from "../../http/members.ts";
import { Consumed, readUnits } from "../capacity.ts";
import { constraint } from "../errors.ts";
import { itemBytes } from "../item/size.ts";
import { entryKey } from "../keys.ts";
import { MAX_TRANSACTION_ITEMS } from "../limits.ts";
import { requiredKey, requiredStructure, requiredTable } from "../parameters.ts";
import { readProjection } from "../reads/projection.ts";
import type { Database } from "../store/database.ts";

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html */
export function transactGetItems(database: Database): Operation {
  return (input) => {
    const consumed = new Consumed(input);
    const gets = structures(input, "TransactItems").map((one) => requiredStructure(one, "Get"));
    if (gets.length === 0 || gets.length > MAX_TRANSACTION_ITEMS) {
      throw constraint(
        "transactItems",
        `'[${gets.length} items]'`,
        gets.length === 0
          ? "Member must have length greater than or equal to 1"
          : `Member must have length less than or equal to ${MAX_TRANSACTION_ITEMS}`,
      );
    }
    // One turn reads them all: nothing changes in between.
    const responses = gets.map((get) => {
      const table = requiredTable(database, get);
      const { definition } = table;
      const item = table.get(entryKey(definition, requiredKey(definition, get)));
      const shown = readProjection(get);
      consumed.add(definition.name, readUnits(item ? itemBytes(item) : 0, "transactional"));
      return item ? { Item: shown(item) } : {};
    });
    return { Responses: responses, ...consumed.all() };
  };
}
