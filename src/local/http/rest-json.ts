import { AwsError, type ServiceRequest, type ServiceResponse } from "../service.ts";
import type { Members } from "./members.ts";

/** Parameters of a route's path, decoded, in order. */
export type PathParameters = readonly string[];

/** One operation of a REST JSON API (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html). */
export interface Route {
  operation: string;
  method: string;
  /** Path behind the API's version; its groups are the parameters. */
  path: RegExp;
  /** Absent for an operation that the engine knows of but doesn't serve. */
  handle?(parameters: PathParameters, request: ServiceRequest): Promise<ServiceResponse>;
}

export interface RestService {
  /** `lambda` */
  name: string;
  /** `functions are deployed` */
  made: string;
}

const VERSION = /^\/\d{4}-\d{2}-\d{2}/;

/**
 * Finds the operation of a request and runs it.
 * @param service the service's name and what makes its things, for the error of an operation that isn't served
 * @throws AwsError UnknownOperationException (501) without one
 */
export async function handleRest(
  service: RestService,
  routes: readonly Route[],
  request: ServiceRequest,
): Promise<ServiceResponse> {
  const path = request.path.replace(VERSION, "").replace(/\/$/, "");
  for (const route of routes) {
    const match = route.method === request.method ? route.path.exec(path) : null;
    if (!match) continue;
    if (!route.handle) throw notServed(service, route.operation);
    return route.handle(match.slice(1).map(decodeURIComponent), request);
  }
  throw notServed(service, `${request.method} ${request.path}`);
}

/** Renders an error as the REST JSON protocol does. */
export function failRest(error: AwsError): ServiceResponse {
  const type = error.status >= 500 ? "Service" : "User";
  return {
    status: error.status,
    headers: { "content-type": "application/json", "x-amzn-errortype": error.code },
    body: JSON.stringify({ Type: type, Message: error.message, message: error.message, ...error.members }),
  };
}

export function json(value: object, status = 200): ServiceResponse {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** Members of a request's JSON body; none for an empty one. @throws AwsError SerializationException */
export function parseMembers(bytes: Buffer): Members {
  try {
    return JSON.parse(bytes.toString("utf8") || "{}") as Members;
  } catch (error) {
    throw new AwsError("SerializationException", `the body is not JSON: ${(error as Error).message}`);
  }
}

/** One page of a list: `Marker` says how many to pass over. */
export function page<T>(
  items: readonly T[],
  query: URLSearchParams,
  largest: number,
): [T[], string | undefined] {
  const from = Number(query.get("Marker") ?? 0);
  if (!Number.isSafeInteger(from) || from < 0) {
    throw new AwsError("InvalidParameterValueException", "Marker is not one that an earlier page gave");
  }
  const count = Math.min(largest, Math.max(1, Number(query.get("MaxItems") ?? largest) || largest));
  const next = from + count < items.length ? String(from + count) : undefined;
  return [items.slice(from, from + count), next];
}

function notServed({ name, made }: RestService, operation: string): AwsError {
  return new AwsError(
    "UnknownOperationException",
    `${name}: ${operation} is not served by edp's local engine; ${made} with edp deploy`,
    501,
  );
}
