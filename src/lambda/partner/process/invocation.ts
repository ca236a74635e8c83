import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Log } from "../../shared/log.ts";
import type { Environment } from "./environment.ts";

/** Everything that one invocation works with. */
export interface Invocation {
  s3: S3Client;
  sqs: SQSClient;
  dynamodb: DynamoDBClient;
  environment: Environment;
  log: Log;
  requestId: string;
  functionName: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds until Lambda ends the process. */
  remainingMs(): number;
  /** Aborts requests shortly before the deadline. */
  signal: AbortSignal;
}
