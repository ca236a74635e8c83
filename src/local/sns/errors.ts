import { AwsError } from "../service.ts";

/** `Invalid parameter: <name> Reason: <reason>`, as SNS words its faults. */
export function invalidParameter(detail: string): AwsError {
  return new AwsError("InvalidParameter", `Invalid parameter: ${detail}`);
}

export function notFound(what: string): AwsError {
  return new AwsError("NotFound", `${what} does not exist`, 404);
}
