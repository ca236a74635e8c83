import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { ObjectVersion } from "../../shared/object-events.ts";
import { KINDS } from "./day-file.ts";
import type { DaySet } from "./day-set.ts";
import type { Invocation } from "./invocation.ts";

/** Longer than an invocation can last after its deadline; then nothing of it writes any more. */
const LEASE_MARGIN_MS = 10_000;
/** After that DynamoDB deletes what is left of a claim: as long as SQS can keep the message that needs it. */
const CLAIM_KEPT_SECONDS = 14 * 86_400;
/** Attempts at a claim that another invocation changes at the same time. */
const MOST_CONTESTED = 5;

/** Sole right to work on a day, until it is released or the invocation's time is over. */
export interface Claim {
  set: DaySet;
  /** Sets of this day that were completed before. */
  runsBefore: number;
  /** The customers file of the last set that was processed and not refused; undefined where none was. */
  customersBefore: ObjectVersion | undefined;
  /** Error messages of this run that are known to be sent. */
  told: number;
}

/**
 * The rows of a day beside its customers: `day#<folder><date>`, which set of files was completed last, for good; and
 * `claim#<folder><date>`, which invocation works on it. Both are written together at the end: a claim whose work is done
 * never stays behind.
 */
export class Ledger {
  /**
   * @param owner id of the queue message that is being worked on. A message comes again only when the invocation
   *   that had it is over, so it may take over what that one had claimed.
   */
  constructor(
    private readonly run: Invocation,
    private readonly owner: string,
  ) {}

  /** Claims a day for a set. `done`: that set was completed. `busy`: another message's invocation is at it. */
  async claim(set: DaySet): Promise<Claim | "done" | "busy"> {
    for (let attempt = 0; attempt < MOST_CONTESTED; attempt++) {
      const { day, claim } = await this.#read(set);
      if (day?.run?.S === set.runId) return "done";
      const now = this.run.now();
      if (claim && claim.owner?.S !== this.owner && Number(claim.lease_until?.N) > now) return "busy";
      const told = claim?.run?.S === set.runId ? Number(claim.told?.N) : 0;
      if (!(await this.#take(set, claim, told, now))) continue;
      return { set, runsBefore: Number(day?.runs?.N ?? 0), customersBefore: this.#customersOf(day), told };
    }
    return "busy";
  }

  /** Notes that so many error messages of the run have been sent. @throws when the claim is lost */
  async told({ set }: Claim, told: number): Promise<void> {
    await this.run.dynamodb.send(
      new UpdateItemCommand({
        TableName: this.run.environment.customers,
        Key: { id: { S: claimId(set) } },
        UpdateExpression: "SET told = :told",
        ConditionExpression: "attempt = :attempt",
        ExpressionAttributeValues: { ":told": { N: String(told) }, ":attempt": { S: this.run.requestId } },
      }),
      { abortSignal: this.run.signal },
    );
  }

  /** Marks the set as completed and gives the claim back, in one. @throws when the claim is lost */
  async complete({ set, runsBefore, customersBefore }: Claim, refused: boolean): Promise<void> {
    const customers = refused ? customersBefore : set.files.customers;
    const TableName = this.run.environment.customers;
    const versions = KINDS.map((kind) => [kind, fileItem(set.files[kind])] as const);
    await this.run.dynamodb.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          {
            Put: {
              TableName,
              Item: {
                id: { S: dayId(set) },
                date: { S: set.date },
                run: { S: set.runId },
                runs: { N: String(runsBefore + 1) },
                files: { M: Object.fromEntries(versions) },
                ...(customers ? { customers: fileItem(customers) } : {}),
                completed_at: { S: new Date(this.run.now()).toISOString() },
              },
            },
          },
          {
            Delete: {
              TableName,
              Key: { id: { S: claimId(set) } },
              ConditionExpression: "attempt = :attempt",
              ExpressionAttributeValues: { ":attempt": { S: this.run.requestId } },
            },
          },
        ],
      }),
      { abortSignal: this.run.signal },
    );
  }

  #customersOf(day: Record<string, AttributeValue> | undefined): ObjectVersion | undefined {
    const { key, version } = day?.customers?.M ?? {};
    if (key?.S === undefined || version?.S === undefined) return undefined;
    return { bucket: this.run.environment.uploads, key: key.S, version: version.S };
  }

  async #read(set: DaySet) {
    const table = this.run.environment.customers;
    const ids = [dayId(set), claimId(set)];
    const { Responses } = await this.run.dynamodb.send(
      new BatchGetItemCommand({
        RequestItems: { [table]: { Keys: ids.map((id) => ({ id: { S: id } })), ConsistentRead: true } },
      }),
      { abortSignal: this.run.signal },
    );
    const [day, claim] = ids.map((id) => Responses?.[table]?.find((item) => item.id?.S === id));
    return { day, claim };
  }

  /** Writes the claim where nobody has changed it since it was read. */
  async #take(
    set: DaySet,
    seen: Record<string, AttributeValue> | undefined,
    told: number,
    now: number,
  ): Promise<boolean> {
    const leaseUntil = now + this.run.remainingMs() + LEASE_MARGIN_MS;
    try {
      await this.run.dynamodb.send(
        new UpdateItemCommand({
          TableName: this.run.environment.customers,
          Key: { id: { S: claimId(set) } },
          UpdateExpression:
            "SET #owner = :owner, attempt = :attempt, run = :run, told = :told, lease_until = :until, expiresAt = :expires",
          ConditionExpression: seen
            ? "attempt = :seen AND lease_until = :seenUntil"
            : "attribute_not_exists(id)",
          ExpressionAttributeNames: { "#owner": "owner" },
          ExpressionAttributeValues: {
            ":owner": { S: this.owner },
            ":attempt": { S: this.run.requestId },
            ":run": { S: set.runId },
            ":told": { N: String(told) },
            ":until": { N: String(leaseUntil) },
            ":expires": { N: String(Math.ceil(leaseUntil / 1000) + CLAIM_KEPT_SECONDS) },
            ...(seen
              ? { ":seen": seen.attempt as AttributeValue, ":seenUntil": seen.lease_until as AttributeValue }
              : {}),
          },
        }),
        { abortSignal: this.run.signal },
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}

/** Customers' rows have a hash as their id: no customer's reference meets these. */
const dayId = ({ folder, date }: DaySet): string => `day#${folder}${date}`;
const claimId = ({ folder, date }: DaySet): string => `claim#${folder}${date}`;

/** A file's version as it is kept in a row. */
export function fileItem({ key, version }: Pick<ObjectVersion, "key" | "version">): AttributeValue {
  return { M: { key: { S: key }, version: { S: version } } };
}
