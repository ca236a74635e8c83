/**
 * Causes of a permanent fault: a retry would end the same way. The code travels with the message to the DLQ
 * as `edp-cause.errorCode`.
 */
export const FAULTS = {
  NOT_AN_EVENT: "the message is no S3 event, neither bare nor in an SNS envelope",
  UNKNOWN_BUCKET: "the event names a bucket that this function doesn't read",
  UNKNOWN_DATASET: "the key's folder is no dataset; keys are raw/<albums|tracks|artists>/<id>.json",
  UNKNOWN_FILE: "the name is none of the pipeline's files; the message names them",
  NO_SUCH_DAY: "the file's name has a day that the calendar doesn't have",
  OBJECT_NOT_FOUND: "the object version was deleted, or never existed",
  OBJECT_TOO_LARGE: "the object doesn't fit the function's memory, and is no NDJSON that could be streamed",
  EMPTY_OBJECT: "the object has no bytes, only white space, or an empty array",
  INVALID_UTF8: "the text is not UTF-8, or has a surrogate without its pair",
  TRUNCATED_JSON: "the text ends in the middle of a JSON value",
  NOT_JSON: "the text is no JSON",
  WRONG_TYPE: "the entity's `type` is not the one that the key's folder stands for",
  EMPTY_FILE: "the file is empty, or has a header and no rows",
  BAD_HEADER: "the file's header lacks a column, or has one twice",
  TOO_MANY_REJECTS: "more rows of the batch are at fault than the limit allows",
  ALREADY_RAN_TODAY: "the warehouse has run on this UTC day, and runs once a day unless forced",
  BAD_AS_OF: "the as-of date is no day",
  QUERY_REFUSED: "PostgreSQL refused the query; `path` is its SQLSTATE",
  RESULT_TOO_LARGE: "the query's result is larger than can be answered",
  UNKNOWN_ACTION: "the function was invoked with an action that it doesn't have",
  SCHEMA_MISMATCH: "a value doesn't fit the dataset's schema; `path` names it",
} as const;

export type FaultCode = keyof typeof FAULTS;

/** What is wrong with a record for good. */
export interface Fault {
  errorCode: FaultCode;
  /** JSON path of the value at fault, e.g. `artists[3].name`; empty when it is the object as a whole. */
  path: string;
  message: string;
}

/** Thrown for a record that no retry can help. Everything else that is thrown counts as transient. */
export class PermanentFault extends Error {
  constructor(
    readonly errorCode: FaultCode,
    message: string,
    readonly path = "",
  ) {
    super(message);
    this.name = "PermanentFault";
  }

  get fault(): Fault {
    return { errorCode: this.errorCode, path: this.path, message: this.message };
  }
}

/** The HTTP status and the error code of an AWS SDK error; both undefined for any other. */
export function awsError(error: unknown): { name?: string; status?: number } {
  if (!(error instanceof Error)) return {};
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return { name: error.name, status: $metadata?.httpStatusCode };
}
