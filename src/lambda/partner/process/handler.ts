import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { deadline } from "../../shared/deadline.ts";
import { createLog } from "../../shared/log.ts";
import { processBatch } from "./batch.ts";
import { readEnvironment } from "./environment.ts";

/** Time kept for the answer after the last request is given up, in milliseconds. */
const ANSWER_MS = 1_000;

// Once an execution environment: connections outlive invocations.
const environment = readEnvironment();
const s3 = new S3Client({ forcePathStyle: environment.endpointUrl !== undefined });
const sqs = new SQSClient({});
const dynamodb = new DynamoDBClient({});

/** Lambda's entry: notifications of uploaded files in, messages and records of whole days out. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const remainingMs = () => context.getRemainingTimeInMillis();
  return processBatch(event.Records, {
    s3,
    sqs,
    dynamodb,
    environment,
    log: createLog(context.awsRequestId),
    requestId: context.awsRequestId,
    functionName: context.functionName,
    now: Date.now,
    remainingMs,
    signal: deadline(remainingMs() - ANSWER_MS),
  });
}
