import type { Operation } from "../../http/json-protocol.ts";
import { Consumed, writeUnits } from "../capacity.ts";
import { itemBytes } from "../item/size.ts";
import { choice } from "../parameters.ts";
import type { Database } from "../store/database.ts";
import { prepareDelete } from "../writes/prepare.ts";

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html */
export function deleteItem(database: Database): Operation {
  return async (input) => {
    const consumed = new Consumed(input);
    const returns = choice(input, "ReturnValues", ["NONE", "ALL_OLD"], "NONE");
    const write = prepareDelete(database, input);
    const [written] = await database.write([write]);
    const { before } = written ?? {};
    consumed.add(write.table.definition.name, writeUnits(before ? itemBytes(before) : 0));
    return { ...(returns === "ALL_OLD" && before ? { Attributes: before } : {}), ...consumed.one() };
  };
}
