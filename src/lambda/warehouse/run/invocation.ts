import type { S3Client } from "@aws-sdk/client-s3";
import type { SNSClient } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Log } from "../../shared/log.ts";
import type { Database } from "./database.ts";
import type { Environment } from "./environment.ts";

/** Everything that one invocation works with. */
export interface Invocation {
  s3: S3Client;
  sqs: SQSClient;
  sns: SNSClient;
  database: Database;
  environment: Environment;
  log: Log;
  /** The lines logged so far, for the run's report. */
  logged: readonly unknown[];
  requestId: string;
  functionName: string;
  logGroup: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds until Lambda ends the process. */
  remainingMs(): number;
  /** Milliseconds to wait before each further attempt where the database was gone for a moment. */
  retryPausesMs: readonly number[];
  /** Six hex digits that no earlier call gave. */
  nonce(): string;
  /** Aborts requests shortly before the deadline, so that there is time left to report. */
  signal: AbortSignal;
}
