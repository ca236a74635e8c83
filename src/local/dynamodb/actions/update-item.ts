import type { Operation } from "../../http/json-protocol.ts";
import { Consumed, writeUnits } from "../capacity.ts";
import { type Path, project } from "../expressions/paths.ts";
import type { Item } from "../item/attribute-value.ts";
import { itemBytes } from "../item/size.ts";
import { choice } from "../parameters.ts";
import type { Database, Written } from "../store/database.ts";
import { prepareUpdate } from "../writes/prepare.ts";

const RETURNS = ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"] as const;

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html */
export function updateItem(database: Database): Operation {
  return async (input) => {
    const consumed = new Consumed(input);
    const returns = choice(input, "ReturnValues", RETURNS, "NONE");
    const write = prepareUpdate(database, input);
    const [written] = await database.write([write]);
    if (!written) return {};
    const { before, after } = written;
    const bytes = Math.max(before ? itemBytes(before) : 0, after ? itemBytes(after) : 0);
    consumed.add(write.table.definition.name, writeUnits(bytes));
    const attributes = returned(returns, written, write.paths);
    const empty = attributes === undefined || Object.keys(attributes).length === 0;
    return { ...(empty ? {} : { Attributes: attributes }), ...consumed.one() };
  };
}

function returned(
  returns: (typeof RETURNS)[number],
  { before, after }: Written,
  paths: readonly Path[],
): Item | undefined {
  if (returns === "ALL_OLD") return before;
  if (returns === "ALL_NEW") return after;
  if (returns === "UPDATED_OLD") return before && project(before, paths);
  return returns === "UPDATED_NEW" && after ? project(after, paths) : undefined;
}
