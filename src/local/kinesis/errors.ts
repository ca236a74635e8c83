import { AwsError, LOCAL_ACCOUNT } from "../service.ts";

export function streamNotFound(name: string): AwsError {
  return new AwsError(
    "ResourceNotFoundException",
    `Stream ${name} under account ${LOCAL_ACCOUNT} not found.`,
  );
}

export function shardNotFound(shardId: string, stream: string): AwsError {
  return new AwsError(
    "ResourceNotFoundException",
    `Could not find shard ${shardId} in stream ${stream} under account ${LOCAL_ACCOUNT}.`,
  );
}

export function invalidArgument(message: string): AwsError {
  return new AwsError("InvalidArgumentException", message);
}

/** A member that breaks the API's model: `1 validation error detected: Value 'x' at 'y' failed to satisfy constraint: ...` */
export function invalid(member: string, value: unknown, constraint: string): AwsError {
  const shown = value === undefined ? "null" : `'${String(value)}'`;
  return new AwsError(
    "ValidationException",
    `1 validation error detected: Value ${shown} at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}

export function throughputExceeded(shardId: string, stream: string): AwsError {
  return new AwsError(
    "ProvisionedThroughputExceededException",
    `Rate exceeded for shard ${shardId} in stream ${stream} under account ${LOCAL_ACCOUNT}.`,
  );
}
