import type { LambdaClient } from "@aws-sdk/client-lambda";
import { EdpError, EXIT } from "../errors.ts";

/** What Lambda answers where a function failed: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
interface FunctionFailure {
  errorType?: string;
  errorMessage?: string;
}

/**
 * Invokes a function and waits for its answer, JSON both ways.
 * @throws EdpError FUNCTION_FAILED (exit 7) when the function itself failed
 */
export async function invokeFunction<Answer>(
  lambda: LambdaClient,
  functionName: string,
  request: object,
  signal?: AbortSignal,
): Promise<Answer> {
  const { InvokeCommand } = await import("@aws-sdk/client-lambda");
  const answered = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(request)) }),
    { abortSignal: signal },
  );
  const answer = JSON.parse(Buffer.from(answered.Payload ?? []).toString("utf8") || "null") as unknown;
  if (answered.FunctionError === undefined) return answer as Answer;
  const { errorType = "Error", errorMessage = "it gave no reason" } = (answer ?? {}) as FunctionFailure;
  throw new EdpError(
    "FUNCTION_FAILED",
    EXIT.notDeployed,
    `The function ${functionName} failed: ${errorType}: ${errorMessage}`,
    { hint: "Its log says more: npx edp tail --since 5m --no-follow" },
  );
}
