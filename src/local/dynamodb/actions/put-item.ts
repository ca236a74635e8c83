import type { Operation } from "../../http/json-protocol.ts";
import { Consumed, writeUnits } from "../capacity.ts";
import { choice } from "../parameters.ts";
import type { Database } from "../store/database.ts";
import { preparePut } from "../writes/prepare.ts";

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html */
export function putItem(database: Database): Operation {
  return async (input) => {
    const consumed = new Consumed(input);
    const returns = choice(input, "ReturnValues", ["NONE", "ALL_OLD"], "NONE");
    const write = preparePut(database, input);
    const [written] = await database.write([write]);
    consumed.add(write.table.definition.name, writeUnits(write.bytes));
    return {
      ...(returns === "ALL_OLD" && written?.before ? { Attributes: written.before } : {}),
      ...consumed.one(),
    };
  };
}
