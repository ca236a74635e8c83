import { setTimeout } from "node:timers/promises";
import {
  type AttributeValue,
  BatchGetItemCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { KINDS } from "./day-file.ts";
import type { DaySet } from "./day-set.ts";
import type { Invocation } from "./invocation.ts";
import { fileItem } from "./ledger.ts";
import { customerBody, customerMessageId, type OutgoingMessage, sha256 } from "./messages.ts";
import type { CustomerResult } from "./transform.ts";

/** Items of one BatchGetItem, and of one TransactWriteItems. */
export const MOST_RECORDS = 100;
/** Pause after DynamoDB left keys of a batch unread, the first time. */
const THROTTLED_MS = 50;

/** A message to a customer's record, and the record's id. */
export interface Pending extends OutgoingMessage {
  id: string;
}

/** Id of a customer's record of a day. */
export const recordId = (date: string, reference: string): string => sha256(`${date}_${reference}`);

/** What a slice of results asks for. */
export interface Recorded {
  /** Messages still to be sent. */
  due: Pending[];
  /** All messages that this set of files gives rise to, those included that an earlier attempt has sent. */
  messages: number;
}

/**
 * Writes the results that are new or changed as `pending`, and says which messages are due: those, and what an
 * earlier attempt left pending. A message keeps its id and version until the result changes.
 * @param results at most MOST_RECORDS
 * @throws when another invocation writes the same records
 */
export async function recordResults(
  results: readonly CustomerResult[],
  set: DaySet,
  run: Invocation,
): Promise<Recorded> {
  const ids = results.map(({ reference }) => recordId(set.date, reference));
  const known = await readRecords(ids, run);
  const writes: TransactWriteItem[] = [];
  const due: Pending[] = [];
  let sent = 0;
  for (const [index, result] of results.entries()) {
    const id = ids[index] as string;
    const body = customerBody(result);
    const before = known.get(id);
    if (before && before.result?.S === sha256(body)) {
      if (before.status?.S === "pending") due.push(pendingOf(before, body));
      else if (before.message_id?.S === messageIdOf(result, set)) sent++;
      continue;
    }
    const item = newRecord(id, result, body, set, Number(before?.version?.N ?? 0) + 1, run);
    writes.push({ Put: { TableName: run.environment.customers, Item: item, ...unchangedSince(before) } });
    due.push(pendingOf(item, body));
  }
  if (writes.length > 0) await transact(writes, run);
  return { due, messages: due.length + sent };
}

/** Marks records as sent, unless their message has changed meanwhile. @throws when it has */
export async function markSent(sent: readonly Pending[], run: Invocation): Promise<void> {
  await transact(
    sent.map(({ id, messageId }) => ({
      Update: {
        TableName: run.environment.customers,
        Key: { id: { S: id } },
        UpdateExpression: "SET #status = :sent",
        ConditionExpression: "message_id = :message",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: { ":sent": { S: "sent" }, ":message": { S: messageId } },
      },
    })),
    run,
  );
}

function pendingOf(record: Record<string, AttributeValue>, body: string): Pending {
  const text = (name: string) => record[name]?.S ?? "";
  return {
    id: text("id"),
    messageId: text("message_id"),
    version: Number(record.version?.N),
    date: text("date"),
    body,
  };
}

function messageIdOf({ reference }: CustomerResult, { date, files }: DaySet): string {
  return customerMessageId(
    date,
    reference,
    KINDS.map((kind) => files[kind]),
  );
}

function newRecord(
  id: string,
  result: CustomerResult,
  body: string,
  set: DaySet,
  version: number,
  run: Invocation,
): Record<string, AttributeValue> {
  const { reference, orders, amount } = result;
  return {
    id: { S: id },
    date: { S: set.date },
    customer_reference: { S: reference },
    number_of_orders: { N: String(orders) },
    total_amount_spent: { N: amount },
    result: { S: sha256(body) },
    status: { S: "pending" },
    version: { N: String(version) },
    message_id: { S: messageIdOf(result, set) },
    files: { M: Object.fromEntries(KINDS.map((kind) => [kind, fileItem(set.files[kind])])) },
    written_at: { S: new Date(run.now()).toISOString() },
  };
}

/** The condition that a record is as it was read. */
function unchangedSince(before: Record<string, AttributeValue> | undefined) {
  return before
    ? {
        ConditionExpression: "message_id = :before",
        ExpressionAttributeValues: { ":before": before.message_id as AttributeValue },
      }
    : { ConditionExpression: "attribute_not_exists(id)" };
}

async function readRecords(ids: readonly string[], run: Invocation) {
  const table = run.environment.customers;
  const found = new Map<string, Record<string, AttributeValue>>();
  let keys: Record<string, AttributeValue>[] = ids.map((id) => ({ id: { S: id } }));
  for (let attempt = 1; keys.length > 0; attempt++) {
    if (attempt > 1) await setTimeout(THROTTLED_MS * attempt, undefined, { signal: run.signal });
    const { Responses, UnprocessedKeys } = await run.dynamodb.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
      { abortSignal: run.signal },
    );
    for (const item of Responses?.[table] ?? []) found.set(item.id?.S ?? "", item);
    keys = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return found;
}

/** All of the writes or none. The SDK gives each call a token, so that a request it repeats has no second effect. */
async function transact(writes: TransactWriteItem[], run: Invocation): Promise<void> {
  await run.dynamodb.send(new TransactWriteItemsCommand({ TransactItems: writes }), {
    abortSignal: run.signal,
  });
}
