import { type Members, structures, text } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import { missingParameter } from "../errors.ts";
import { BATCH_ENTRIES } from "../limits.ts";

const ID = /^[A-Za-z0-9_-]{1,80}$/;

export interface BatchFailure {
  Id: string;
  SenderFault: boolean;
  Code: string;
  Message: string;
}

export interface BatchResult {
  Successful: object[];
  Failed?: BatchFailure[];
}

/**
 * The entries of a batch request, their ids checked.
 * @param kind the entry's shape name, e.g. `SendMessageBatchRequestEntry`
 * @throws AwsError EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct
 */
export function batchEntries(input: Members, kind: string): { id: string; entry: Members }[] {
  const entries = structures(input, "Entries").map((entry) => ({ id: text(entry, "Id") ?? "", entry }));
  if (entries.length === 0) {
    throw new AwsError("EmptyBatchRequest", `There should be at least one ${kind} in the request.`);
  }
  if (entries.length > BATCH_ENTRIES) {
    throw new AwsError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${BATCH_ENTRIES}. You have sent ${entries.length}.`,
    );
  }
  const seen = new Set<string>();
  for (const { id } of entries) {
    if (id === "") throw missingParameter(`${kind}.Id`);
    if (!ID.test(id)) {
      throw new AwsError(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      );
    }
    if (seen.has(id)) throw new AwsError("BatchEntryIdsNotDistinct", `Id ${id} repeated.`);
    seen.add(id);
  }
  return entries;
}

/** What a check of one entry threw, as the batch's answer names it. @throws what is not an AwsError */
export function batchFailure(id: string, error: unknown): BatchFailure {
  if (!(error instanceof AwsError)) throw error;
  return { Id: id, SenderFault: error.status < 500, Code: error.code, Message: error.message };
}

/** The answer of a batch: `Failed` is there only when something failed. */
export function batchResult(successful: object[], failed: BatchFailure[]): BatchResult {
  return failed.length > 0 ? { Successful: successful, Failed: failed } : { Successful: successful };
}
