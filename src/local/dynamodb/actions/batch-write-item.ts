import type { Operation } from "../../http/json-protocol.ts";
import { type Members, structure, structures } from "../../http/members.ts";
import { Consumed, writeUnits } from "../capacity.ts";
import { constraint, validation } from "../errors.ts";
import { MAX_BATCH_WRITES } from "../limits.ts";
import { requiredStructure } from "../parameters.ts";
import type { Database } from "../store/database.ts";
import { type PreparedWrite, prepareDelete, preparePut } from "../writes/prepare.ts";

/**
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html: each write for itself; the
 * engine leaves none unprocessed.
 */
export function batchWriteItem(database: Database): Operation {
  return async (input) => {
    const consumed = new Consumed(input);
    const writes = read(database, requiredStructure(input, "RequestItems"));
    await Promise.all(writes.map((write) => database.write([write])));
    for (const { table, bytes } of writes) consumed.add(table.definition.name, writeUnits(bytes));
    return { UnprocessedItems: {}, ...consumed.all() };
  };
}

function read(database: Database, requests: Members): PreparedWrite[] {
  const writes = Object.keys(requests).flatMap((name) =>
    structures(requests, name).map((request) => prepare(database, name, request)),
  );
  if (writes.length === 0 || writes.length > MAX_BATCH_WRITES) {
    throw writes.length === 0
      ? constraint("requestItems", "'{}'", "Member must have length greater than or equal to 1")
      : validation("Too many items requested for the BatchWriteItem call");
  }
  const places = writes.map(({ table, place }) => `${table.definition.id} ${place}`);
  if (new Set(places).size < places.length) {
    throw validation("Provided list of item keys contains duplicates");
  }
  return writes;
}

function prepare(database: Database, TableName: string, request: Members): PreparedWrite {
  const put = structure(request, "PutRequest");
  const remove = structure(request, "DeleteRequest");
  if (put && !remove) return preparePut(database, { TableName, Item: put.Item });
  if (remove && !put) return prepareDelete(database, { TableName, Key: remove.Key });
  throw validation(
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
  );
}
