import { randomBytes } from "node:crypto";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { deadline } from "../../shared/deadline.ts";
import { createLog } from "../../shared/log.ts";
import { handleArrivals } from "./arrivals.ts";
import { Database } from "./database.ts";
import { answer, type DirectAnswer, type DirectRequest, isDirect } from "./direct.ts";
import { readEnvironment } from "./environment.ts";
import type { Invocation } from "./invocation.ts";

/** Time kept for the answer after the last request is given up, in milliseconds. */
const ANSWER_MS = 2_000;
/** A restart or a failover of the database takes seconds; the queue would try again after its visibility timeout only. */
const RETRY_PAUSES_MS = [1_000, 10_000, 30_000];

// Once an execution environment: the secret and the connections to AWS outlive invocations.
const environment = readEnvironment();
const s3 = new S3Client({ forcePathStyle: environment.endpointUrl !== undefined });
const sqs = new SQSClient({});
const sns = new SNSClient({});
const database = new Database(new SecretsManagerClient({}), environment.database);

/** Lambda's entry: messages about files that arrived from the queue, or a direct request with an action. */
export async function handler(
  event: SQSEvent | DirectRequest,
  context: Context,
): Promise<SQSBatchResponse | DirectAnswer> {
  const remainingMs = () => context.getRemainingTimeInMillis();
  const logged: unknown[] = [];
  const run: Invocation = {
    s3,
    sqs,
    sns,
    database,
    environment,
    log: createLog(context.awsRequestId, (line) => {
      logged.push(JSON.parse(line));
      process.stdout.write(line);
    }),
    logged,
    requestId: context.awsRequestId,
    functionName: context.functionName,
    logGroup: context.logGroupName,
    now: Date.now,
    remainingMs,
    retryPausesMs: RETRY_PAUSES_MS,
    nonce: () => randomBytes(3).toString("hex"),
    signal: deadline(remainingMs() - ANSWER_MS),
  };
  return isDirect(event) ? answer(event, run) : handleArrivals(event.Records, run);
}
