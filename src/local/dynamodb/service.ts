import { crc32 } from "node:zlib";
import { failJson, handleJson, type JsonProtocol, type Operations } from "../http/json-protocol.ts";
import type { EngineParts, Service, ServiceResponse } from "../service.ts";
import { batchGetItem } from "./actions/batch-get-item.ts";
import { batchWriteItem } from "./actions/batch-write-item.ts";
import { deleteItem } from "./actions/delete-item.ts";
import { getItem } from "./actions/get-item.ts";
import { putItem } from "./actions/put-item.ts";
import { query } from "./actions/query.ts";
import { scan } from "./actions/scan.ts";
import { settingsActions } from "./actions/table-settings.ts";
import { tableActions } from "./actions/tables.ts";
import { transactGetItems } from "./actions/transact-get-items.ts";
import { transactWriteItems } from "./actions/transact-write-items.ts";
import { updateItem } from "./actions/update-item.ts";
import { DynamoDbError } from "./errors.ts";
import { deleteExpired } from "./expiry.ts";
import { Database } from "./store/database.ts";
import { type DeclaredTable, declareTable } from "./tables/declare.ts";

export type { DeclaredTable } from "./tables/declare.ts";

/** DynamoDB of the local engine: the API, and what the engine's other parts use in process. */
export interface DynamoDbService extends Service {
  /**
   * Makes a table, or gives one that is there these indexes and settings; its items stay.
   * @throws AwsError ValidationException when the table that is there has another key
   */
  createTable(name: string, declared: DeclaredTable): Promise<void>;
  /** Removes a table with its items; none of this name is no fault. */
  removeTable(name: string): Promise<void>;
  /** Items in a table; 0 where there is none. */
  itemCount(name: string): number;
}

const PROTOCOL: JsonProtocol = {
  version: "1.0",
  target: "DynamoDB_20120810",
  errorNamespace: "com.amazonaws.dynamodb.v20120810",
};

/** Opens the tables of the data directory and serves them by AWS JSON 1.0. */
export async function createDynamoDb(parts: EngineParts): Promise<DynamoDbService> {
  const database = await Database.open(parts);
  const endExpiry = deleteExpired(database, parts);
  const operations: Operations = {
    ...tableActions(database),
    ...settingsActions(database),
    PutItem: putItem(database),
    GetItem: getItem(database),
    UpdateItem: updateItem(database),
    DeleteItem: deleteItem(database),
    Query: query(database),
    Scan: scan(database),
    BatchGetItem: batchGetItem(database),
    BatchWriteItem: batchWriteItem(database),
    TransactWriteItems: transactWriteItems(database),
    TransactGetItems: transactGetItems(database),
  };
  return {
    handle: async (request) => withChecksum(await handleJson(PROTOCOL, operations, request)),
    fail: (error) =>
      withChecksum(failJson(PROTOCOL, error, error instanceof DynamoDbError ? error.details : {})),
    createTable: (name, declared) => declareTable(database, name, declared),
    removeTable: async (name) => {
      const table = database.find(name);
      if (table) await database.drop(table);
    },
    itemCount: (name) => database.find(name)?.items.size ?? 0,
    close: async () => {
      await endExpiry();
      await database.close();
    },
  };
}

/** SDKs compare the checksum with what arrives. */
function withChecksum(response: ServiceResponse): ServiceResponse {
  const body = String(response.body ?? "");
  return { ...response, headers: { ...response.headers, "x-amz-crc32": String(crc32(body)) } };
}
