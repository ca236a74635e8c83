import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Log } from "../../shared/log.ts";
import type { Environment } from "./environment.ts";

/** Everything that one invocation works with. */
export interface Invocation {
  s3: S3Client;
  sqs: SQSClient;
  environment: Environment;
  log: Log;
  requestId: string;
  functionName: string;
  /** The function's memory, in bytes. */
  memoryBytes: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds until Lambda ends the process. */
  remainingMs(): number;
  /** Text that no earlier call gave, in any invocation; it makes the names of outputs unique. */
  nonce(): string;
  /** Aborts requests shortly before the deadline, so that there is time left to report. */
  signal: AbortSignal;
}

/** Objects read at a time. */
export const MAX_PARALLEL = 32;

/** Bytes of JSON held at a time; parsed, they take about five times as much. */
export const heldBytes = (memoryBytes: number): number => memoryBytes / 32;

/** Largest NDJSON object that is streamed. At 1 GiB of memory its conversion takes about 30 s. */
export const streamedBytes = (memoryBytes: number): number => memoryBytes / 4;
