import { AwsError, type ServiceRequest, type ServiceResponse } from "../service.ts";
import type { Members } from "./members.ts";

/** One action of a service: members in, members out; nothing out is an empty structure. */
export type Operation = (
  input: Members,
  request: ServiceRequest,
) => Promise<object | undefined> | object | undefined;

export type Operations = Readonly<Record<string, Operation>>;

export interface JsonProtocol {
  version: "1.0" | "1.1";
  /** What stands before the action in X-Amz-Target, e.g. `AmazonSQS`. */
  target: string;
  /** Shape namespace of errors, e.g. `com.amazonaws.sqs`; none for services that send the bare name. */
  errorNamespace?: string;
  /**
   * Error code of the older query protocol, which SDKs of a service that moved from it to JSON still show
   * (`x-amzn-query-error`): https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
   */
  queryCode?(code: string): string;
}

/**
 * Answers one request of the AWS JSON protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html).
 * @throws AwsError UnknownOperationException for an action that is not among `operations`,
 *   SerializationException for a body that is not a JSON object.
 */
export async function handleJson(
  protocol: JsonProtocol,
  operations: Operations,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  const target = request.headers["x-amz-target"];
  const action = typeof target === "string" ? target.slice(target.indexOf(".") + 1) : "";
  const operation = Object.hasOwn(operations, action) ? operations[action] : undefined;
  if (!operation) {
    throw new AwsError(
      "UnknownOperationException",
      `${protocol.target}.${action} is not served by edp's local engine; use an AWS environment for it`,
    );
  }
  const output = await operation(parseMembers(await request.bytes()), request);
  return { status: 200, headers: headers(protocol), body: JSON.stringify(output ?? {}) };
}

/** Renders an error as the AWS JSON protocol does; `details` are members of its shape that are more than text. */
export function failJson(protocol: JsonProtocol, error: AwsError, details: object = {}): ServiceResponse {
  const type = protocol.errorNamespace ? `${protocol.errorNamespace}#${error.code}` : error.code;
  const fault = error.status >= 500 ? "Receiver" : "Sender";
  return {
    status: error.status,
    headers: {
      ...headers(protocol),
      "x-amzn-errortype": error.code,
      ...(protocol.queryCode ? { "x-amzn-query-error": `${protocol.queryCode(error.code)};${fault}` } : {}),
    },
    body: JSON.stringify({ __type: type, message: error.message, ...error.members, ...details }),
  };
}

function headers(protocol: JsonProtocol): Record<string, string> {
  return { "content-type": `application/x-amz-json-${protocol.version}` };
}

/** The members in a body. @throws AwsError SerializationException when it is not a JSON object */
export function parseMembers(bytes: Buffer): Members {
  if (bytes.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new AwsError("SerializationException", `the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AwsError("SerializationException", "the body must be a JSON object");
  }
  return value as Members;
}
