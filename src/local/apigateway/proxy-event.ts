import type { APIGatewayProxyEvent } from "aws-lambda";
import { LOCAL_ACCOUNT, type ServiceRequest } from "../service.ts";
import {
  type ApiDeclaration,
  apiId,
  deploymentId,
  type RouteDeclaration,
  resourceId,
} from "./declaration.ts";
import type { ApiKey } from "./keys.ts";
import { isBinary } from "./media-types.ts";

/** What a REST API knows of a request when it invokes the function. */
export interface ProxyRequest {
  api: ApiDeclaration;
  route: RouteDeclaration;
  /** Path of the resource as sent, without the stage. */
  path: string;
  pathParameters: Record<string, string> | null;
  request: ServiceRequest;
  /** Decompressed. */
  payload: Buffer;
  key: ApiKey | undefined;
  /** Milliseconds since the epoch. */
  time: number;
  extendedRequestId: string;
  traceHeader: string;
}

/**
 * The event of a Lambda proxy integration, format 1.0:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format
 */
export function proxyEvent(from: ProxyRequest): APIGatewayProxyEvent {
  const { api, route, request, payload } = from;
  const multiValueHeaders = eventHeaders(from);
  const multiValueQuery = grouped(request.query);
  const binary = isBinary(request.headers["content-type"], api.binaryMediaTypes);
  return {
    resource: route.path,
    path: decodeURI(from.path),
    httpMethod: request.method,
    headers: lastValues(multiValueHeaders),
    multiValueHeaders,
    queryStringParameters: orNull(lastValues(multiValueQuery)),
    multiValueQueryStringParameters: orNull(multiValueQuery),
    pathParameters: from.pathParameters,
    stageVariables: null,
    requestContext: requestContext(from),
    body: payload.length === 0 ? null : payload.toString(binary ? "base64" : "utf8"),
    isBase64Encoded: binary && payload.length > 0,
  };
}

function requestContext({ api, route, path, request, key, time, extendedRequestId }: ProxyRequest) {
  const host = request.headers.host ?? "";
  return {
    resourceId: resourceId(api.name, route.path),
    resourcePath: route.path,
    httpMethod: request.method,
    extendedRequestId,
    requestTime: commonLogTime(time),
    path: `/${api.stage}${path}`,
    accountId: LOCAL_ACCOUNT,
    protocol: "HTTP/1.1",
    stage: api.stage,
    domainPrefix: host.split(/[.:]/)[0],
    requestTimeEpoch: time,
    requestId: request.requestId,
    identity: {
      cognitoIdentityPoolId: null,
      accountId: null,
      cognitoIdentityId: null,
      caller: null,
      sourceIp: "127.0.0.1",
      principalOrgId: null,
      accessKey: null,
      cognitoAuthenticationType: null,
      cognitoAuthenticationProvider: null,
      userArn: null,
      userAgent: request.headers["user-agent"] ?? null,
      user: null,
      clientCert: null,
      apiKey: key?.value ?? null,
      apiKeyId: key?.id ?? null,
    },
    domainName: host,
    deploymentId: deploymentId(api.name),
    apiId: apiId(api.name),
    authorizer: null,
  };
}

/** As the client wrote them, and what the gateway adds. The coding is gone where the gateway took it off. */
function eventHeaders({ request, traceHeader }: ProxyRequest): Record<string, string[]> {
  // No prototype: a header may be called `constructor`.
  const headers: Record<string, string[]> = Object.create(null);
  const names = new Map<string, string>();
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const sent = request.rawHeaders[index] ?? "";
    const lower = sent.toLowerCase();
    // HTTP/2 has its own first line as headers.
    if (NOT_PASSED.has(lower) || lower.startsWith(":")) continue;
    const name = names.get(lower) ?? sent;
    names.set(lower, name);
    headers[name] = [...(headers[name] ?? []), request.rawHeaders[index + 1] ?? ""];
  }
  return {
    ...headers,
    "X-Amzn-Trace-Id": [traceHeader],
    "X-Forwarded-For": ["127.0.0.1"],
    "X-Forwarded-Port": [request.headers.host?.split(":")[1] ?? "80"],
    "X-Forwarded-Proto": ["http"],
  };
}

const NOT_PASSED = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
  "x-amzn-trace-id",
  "x-forwarded-for",
  "x-forwarded-port",
  "x-forwarded-proto",
]);

function grouped(query: URLSearchParams): Record<string, string[]> {
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]));
}

const lastValues = (values: Record<string, string[]>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.at(-1) ?? ""]));

const orNull = <T extends object>(values: T): T | null => (Object.keys(values).length > 0 ? values : null);

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `21/Nov/2026:10:30:00 +0000` */
function commonLogTime(ms: number): string {
  const [date = "", time = ""] = new Date(ms).toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
}
