import { randomBytes } from "node:crypto";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { deadline } from "../../shared/deadline.ts";
import { createLog } from "../../shared/log.ts";
import { convertBatch } from "./batch.ts";
import { readEnvironment } from "./environment.ts";

/** Time kept for the answer after the last request is given up, in milliseconds. */
const ANSWER_MS = 1_000;

// Once an execution environment: connections outlive invocations.
const environment = readEnvironment();
const s3 = new S3Client({ forcePathStyle: environment.endpointUrl !== undefined });
const sqs = new SQSClient({});

/** Lambda's entry: SQS messages about objects in, Parquet files out, failed messages named in the answer. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const remainingMs = () => context.getRemainingTimeInMillis();
  return convertBatch(event.Records, {
    s3,
    sqs,
    environment,
    log: createLog(context.awsRequestId),
    requestId: context.awsRequestId,
    functionName: context.functionName,
    memoryBytes: Number(context.memoryLimitInMB) * 1024 * 1024,
    now: Date.now,
    remainingMs,
    nonce: () => randomBytes(4).toString("hex"),
    signal: deadline(remainingMs() - ANSWER_MS),
  });
}
