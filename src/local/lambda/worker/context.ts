import type { InvokeMessage } from "../worker-protocol.ts";

/** The context object: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
export interface LambdaContext {
  awsRequestId: string;
  functionName: string;
  functionVersion: string;
  invokedFunctionArn: string;
  memoryLimitInMB: string;
  logGroupName: string;
  logStreamName: string;
  callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
}

/** Builds the context of one invocation from what the engine put into the environment. */
export function invocationContext(message: InvokeMessage, environment: NodeJS.ProcessEnv): LambdaContext {
  const deadline = performance.now() + message.remainingMs;
  const name = environment.AWS_LAMBDA_FUNCTION_NAME ?? "";
  return {
    awsRequestId: message.requestId,
    functionName: name,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION ?? "$LATEST",
    invokedFunctionArn: message.functionArn,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? "",
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME ?? "",
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME ?? "",
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - performance.now())),
  };
}
