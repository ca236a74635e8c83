import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Logger } from "@smithy/types";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { deadline } from "../../shared/deadline.ts";
import { createLog } from "../../shared/log.ts";
import { processBatch } from "./batch.ts";
import { readEnvironment } from "./environment.ts";

/** Time kept for the answer after the last request is given up, in milliseconds. */
const ANSWER_MS = 1_000;

// Once an execution environment: connections outlive invocations.
const environment = readEnvironment();
// A logger without `info`, or the SDK would describe every request to it, which takes 5 % of its time.
const logger = { debug() {}, warn() {} } as unknown as Logger;
const s3 = new S3Client({ forcePathStyle: environment.endpointUrl !== undefined, logger });
const sqs = new SQSClient({ logger });
const dynamodb = new DynamoDBClient({ logger });

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
