import { AwsError, type ServiceRequest, type ServiceResponse } from "../../service.ts";
import type { InvocationOutcome } from "../invocation.ts";

/** Largest event in bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_SYNCHRONOUS_BYTES = 6 * 1024 * 1024;
const MAX_ASYNCHRONOUS_BYTES = 1024 * 1024;

export interface InvokeTarget {
  /** @throws AwsError ResourceNotFoundException */
  invoke(name: string, payload: string, traceHeader?: string): Promise<InvocationOutcome>;
  /** Stores the event for an asynchronous invocation and returns its request id. */
  enqueue(name: string, payload: string, traceHeader?: string): Promise<string>;
}

/**
 * Invoke: RequestResponse, Event or DryRun.
 * @throws AwsError RequestTooLargeException, InvalidRequestContentException, InvalidParameterValueException
 */
export async function invoke(
  target: InvokeTarget,
  name: string,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  const type = header(request, "x-amz-invocation-type") ?? "RequestResponse";
  const limit = type === "Event" ? MAX_ASYNCHRONOUS_BYTES : MAX_SYNCHRONOUS_BYTES;
  const payload = await readPayload(request, limit);
  const traceHeader = header(request, "x-amzn-trace-id");
  if (type === "DryRun") return { status: 204 };
  if (type === "Event") {
    const requestId = await target.enqueue(name, payload, traceHeader);
    return { status: 202, headers: { "x-amzn-requestid": requestId } };
  }
  if (type !== "RequestResponse") {
    throw new AwsError("InvalidParameterValueException", `X-Amz-Invocation-Type ${type} does not exist`);
  }
  const outcome = await target.invoke(name, payload, traceHeader);
  return {
    status: 200,
    headers: {
      "content-type": "application/json",
      "x-amzn-requestid": outcome.requestId,
      "x-amz-executed-version": "$LATEST",
      ...(outcome.fault ? { "x-amz-function-error": "Unhandled" } : {}),
      ...(header(request, "x-amz-log-type") === "Tail"
        ? { "x-amz-log-result": Buffer.from(outcome.tail).toString("base64") }
        : {}),
    },
    body: outcome.payload,
  };
}

async function readPayload(request: ServiceRequest, limit: number): Promise<string> {
  const bytes = await request.bytes().catch((error: unknown) => {
    if (error instanceof AwsError && error.status === 413) throw tooLarge("more", limit);
    throw error;
  });
  if (bytes.length > limit) throw tooLarge(String(bytes.length), limit);
  if (bytes.length === 0) return "{}";
  const text = bytes.toString("utf8");
  try {
    JSON.parse(text);
  } catch (error) {
    throw new AwsError(
      "InvalidRequestContentException",
      `Could not parse request body into json: ${(error as Error).message}`,
    );
  }
  return text;
}

function tooLarge(size: string, limit: number): AwsError {
  return new AwsError(
    "RequestTooLargeException",
    `Request must be smaller than ${limit} bytes for the InvokeFunction operation; this one has ${size}`,
    413,
  );
}

function header(request: ServiceRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}
