import type { AttributeValue, DynamoDBClient, WriteRequest } from "@aws-sdk/client-dynamodb";
import pMap from "p-map";
import { type Pause, systemPause } from "../ingest/pause.ts";

/** BatchWriteItem takes this many requests: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const DELETE_BATCH = 25;
/** BatchWriteItem calls in flight. */
const DELETES_AT_ONCE = 8;
/** First and longest wait before what DynamoDB left over is sent again, as it asks for. */
const RETRY_MS = { first: 50, most: 5_000 };

/**
 * Deletes every item of a table, by its keys: DynamoDB has no truncate. A table that does not exist is empty.
 * @returns how many items are gone.
 */
export async function emptyTable(
  dynamodb: DynamoDBClient,
  table: string,
  signal: AbortSignal,
  onDeleted: (count: number) => void = () => {},
  pause: Pause = systemPause,
): Promise<number> {
  let deleted = 0;
  try {
    await pMap(
      keyBatches(dynamodb, table, signal),
      async (keys) => {
        await deleteBatch(dynamodb, table, keys, signal, pause);
        deleted += keys.length;
        onDeleted(deleted);
      },
      { concurrency: DELETES_AT_ONCE, stopOnError: true },
    );
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException") return deleted;
    throw error;
  }
  return deleted;
}

type Key = Record<string, AttributeValue>;

async function* keyBatches(
  dynamodb: DynamoDBClient,
  table: string,
  signal: AbortSignal,
): AsyncGenerator<Key[]> {
  const { DescribeTableCommand, paginateScan } = await import("@aws-sdk/client-dynamodb");
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: table }));
  const names = (Table?.KeySchema ?? []).flatMap(({ AttributeName }) => AttributeName ?? []);
  const pages = paginateScan(
    { client: dynamodb },
    {
      TableName: table,
      ConsistentRead: true,
      // By placeholders: a key may be called like one of DynamoDB's reserved words.
      ProjectionExpression: names.map((_, index) => `#k${index}`).join(", "),
      ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#k${index}`, name])),
    },
  );
  for await (const { Items = [] } of pages) {
    signal.throwIfAborted();
    for (let first = 0; first < Items.length; first += DELETE_BATCH) {
      yield Items.slice(first, first + DELETE_BATCH);
    }
  }
}

async function deleteBatch(
  dynamodb: DynamoDBClient,
  table: string,
  keys: readonly Key[],
  signal: AbortSignal,
  pause: Pause,
): Promise<void> {
  const { BatchWriteItemCommand } = await import("@aws-sdk/client-dynamodb");
  let left: WriteRequest[] = keys.map((Key) => ({ DeleteRequest: { Key } }));
  for (let wait = RETRY_MS.first; ; wait = Math.min(wait * 2, RETRY_MS.most)) {
    const { UnprocessedItems } = await dynamodb.send(
      new BatchWriteItemCommand({ RequestItems: { [table]: left } }),
    );
    left = UnprocessedItems?.[table] ?? [];
    if (left.length === 0) return;
    await pause(wait, signal);
  }
}
