import { setTimeout as pause } from "node:timers/promises";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { createLog } from "../../shared/log.ts";
import { accept } from "./accept.ts";
import { readEnvironment } from "./environment.ts";

/** Time kept for the answer after the last attempt to put records, in milliseconds. */
const ANSWER_MS = 2_000;
const CONNECT_TIMEOUT_MS = 1_000;
/** PutRecords answers within tens of milliseconds; one that hangs is better tried again. */
const REQUEST_TIMEOUT_MS = 5_000;

// Once an execution environment: connections outlive invocations.
const environment = readEnvironment();
const kinesis = new KinesisClient({
  // Retries are ours: they know which records are left and how much time.
  maxAttempts: 1,
  // The SDK's own would speak HTTP/2, which other endpoints than AWS often lack.
  requestHandler: new NodeHttpHandler({
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
  }),
});

/** Lambda's entry: one request of the API in, its answer out. */
export async function handler(event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult> {
  return accept(event, {
    kinesis,
    environment,
    log: createLog(context.awsRequestId),
    now: Date.now,
    remainingMs: () => context.getRemainingTimeInMillis() - ANSWER_MS,
    pause,
    random: Math.random,
  });
}
