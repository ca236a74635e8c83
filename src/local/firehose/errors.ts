import { AwsError, LOCAL_ACCOUNT } from "../service.ts";

export function deliveryNotFound(name: string): AwsError {
  return new AwsError(
    "ResourceNotFoundException",
    `Firehose ${name} under account ${LOCAL_ACCOUNT} not found.`,
  );
}

export function invalidArgument(message: string): AwsError {
  return new AwsError("InvalidArgumentException", message);
}
