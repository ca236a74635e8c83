import type { Operation } from "../../http/json-protocol.ts";
import { Consumed, readUnits } from "../capacity.ts";
import { itemBytes } from "../item/size.ts";
import { entryKey } from "../keys.ts";
import { isConsistent, requiredKey, requiredTable } from "../parameters.ts";
import { readProjection } from "../reads/projection.ts";
import type { Database } from "../store/database.ts";

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html */
export function getItem(database: Database): Operation {
  return (input) => {
    const consumed = new Consumed(input);
    const table = requiredTable(database, input);
    const key = requiredKey(table.definition, input);
    const shown = readProjection(input);
    const item = table.get(entryKey(table.definition, key));
    const units = readUnits(item ? itemBytes(item) : 0, isConsistent(input) ? "consistent" : "eventual");
    consumed.add(table.definition.name, units);
    return { ...(item ? { Item: shown(item) } : {}), ...consumed.one() };
  };
}
