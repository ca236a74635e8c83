import { AwsError } from "../service.ts";

/** An error whose wire form has members that are more than text: items, reasons. */
export class DynamoDbError extends AwsError {
  constructor(
    code: string,
    message: string,
    readonly details: object = {},
  ) {
    super(code, message, 400);
  }
}

// Codes and texts: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html,
// and what the service answers.

export const validation = (message: string) => new DynamoDbError("ValidationException", message);

/** A member of the wrong value, in the words of the service's first check. */
export const constraint = (member: string, value: string, rule: string) =>
  validation(
    `1 validation error detected: Value ${value} at '${member}' failed to satisfy constraint: ${rule}`,
  );

export const invalidParameter = (what: string) =>
  validation(`One or more parameter values were invalid: ${what}`);

export const serialization = (message: string) => new DynamoDbError("SerializationException", message);

export const notFound = (what = "") =>
  new DynamoDbError(
    "ResourceNotFoundException",
    what === "" ? "Requested resource not found" : `Requested resource not found: ${what}`,
  );

export const inUse = (message: string) => new DynamoDbError("ResourceInUseException", message);

export const notServed = (what: string) =>
  validation(`edp's local engine does not serve ${what}; use an AWS environment for it`);

export const conditionFailed = (item?: object) =>
  new DynamoDbError(
    "ConditionalCheckFailedException",
    "The conditional request failed",
    item ? { Item: item } : {},
  );
