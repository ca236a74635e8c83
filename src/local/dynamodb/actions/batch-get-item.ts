import type { Operation } from "../../http/json-protocol.ts";
import { type Members, structure, structures } from "../../http/members.ts";
import { Consumed, readUnits } from "../capacity.ts";
import { constraint, validation } from "../errors.ts";
import { type Item, readItem } from "../item/attribute-value.ts";
import { itemBytes } from "../item/size.ts";
import { checkKey, entryKey } from "../keys.ts";
import { MAX_BATCH_GET_BYTES, MAX_BATCH_GETS } from "../limits.ts";
import { isConsistent, requiredStructure, requiredTable } from "../parameters.ts";
import { readProjection } from "../reads/projection.ts";
import type { Database } from "../store/database.ts";
import type { Table } from "../store/table.ts";

/** What a request asks of one table. */
interface Wanted {
  name: string;
  request: Members;
  table: Table;
  keys: Item[];
  shown(item: Item): Item;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
export function batchGetItem(database: Database): Operation {
  return (input) => {
    const consumed = new Consumed(input);
    const wanted = read(database, requiredStructure(input, "RequestItems"));
    const responses: Record<string, Item[]> = {};
    const unprocessed: Record<string, object> = {};
    let total = 0;
    for (const { name, request, table, keys, shown } of wanted) {
      const found: Item[] = [];
      for (const [index, key] of keys.entries()) {
        const item = table.get(entryKey(table.definition, key));
        const bytes = item ? itemBytes(item) : 0;
        if (total + bytes > MAX_BATCH_GET_BYTES) {
          unprocessed[name] = { ...request, Keys: keys.slice(index) };
          break;
        }
        total += bytes;
        consumed.add(
          table.definition.name,
          readUnits(bytes, isConsistent(request) ? "consistent" : "eventual"),
        );
        if (item) found.push(shown(item));
      }
      responses[name] = found;
    }
    return { Responses: responses, UnprocessedKeys: unprocessed, ...consumed.all() };
  };
}

function read(database: Database, requests: Members): Wanted[] {
  const names = Object.keys(requests);
  const wanted = names.map((name): Wanted => {
    const request = requests[name] as Members;
    structure(requests, name);
    const table = requiredTable(database, { ...request, TableName: name });
    const keys = structures(request, "Keys").map(readItem);
    for (const key of keys) checkKey(table.definition, key);
    const places = keys.map((key) => entryKey(table.definition, key));
    if (new Set(places).size < places.length) {
      throw validation("Provided list of item keys contains duplicates");
    }
    return { name, request, table, keys, shown: readProjection(request) };
  });
  const count = wanted.reduce((sum, { keys }) => sum + keys.length, 0);
  if (count === 0 || wanted.some(({ keys }) => keys.length === 0)) {
    throw constraint("requestItems", "'{}'", "Member must have length greater than or equal to 1");
  }
  if (count > MAX_BATCH_GETS) throw validation("Too many items requested for the BatchGetItem call");
  return wanted;
}
