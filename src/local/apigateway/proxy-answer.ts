import { validateHeaderName, validateHeaderValue } from "node:http";
import * as v from "valibot";
import type { ServiceResponse } from "../service.ts";
import { GatewayResponse } from "./gateway-response.ts";
import { isBinary } from "./media-types.ts";

const headerValue = v.union([v.string(), v.number(), v.boolean()]);
/** https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format */
const ProxyAnswer = v.object({
  statusCode: v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.digits(), v.transform(Number))]),
    v.integer(),
    v.minValue(200),
    v.maxValue(599),
  ),
  headers: v.nullish(v.record(v.string(), headerValue)),
  multiValueHeaders: v.nullish(v.record(v.string(), v.array(headerValue))),
  body: v.nullish(v.string()),
  isBase64Encoded: v.nullish(v.boolean()),
});

/** Set by the connection itself; a function's would break it. */
const DROPPED = new Set(["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"]);
/** Sent under another name: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html */
const REMAPPED = new Set([
  "authorization",
  "content-md5",
  "date",
  "server",
  "user-agent",
  "www-authenticate",
]);

/**
 * The HTTP response in what a function returned, JSON text.
 * @param accept the request's Accept header: base64 is decoded for binary types only
 * @throws GatewayResponse MALFORMED_ANSWER
 */
export function proxyAnswer(
  text: string,
  accept: string | undefined,
  binaryMediaTypes: readonly string[],
): ServiceResponse {
  const parsed = v.safeParse(ProxyAnswer, JSON.parse(text));
  if (!parsed.success) throw new GatewayResponse("MALFORMED_ANSWER");
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = parsed.output;
  const all: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers ?? {})) all[name.toLowerCase()] = [String(value)];
  for (const [name, values] of Object.entries(multiValueHeaders ?? {}))
    all[name.toLowerCase()] = values.map(String);
  const decoded = isBase64Encoded === true && isBinary(accept?.split(",")[0], binaryMediaTypes);
  return {
    status: statusCode,
    headers: { "content-type": "application/json", ...sendable(all) },
    body: decoded ? Buffer.from(body ?? "", "base64") : (body ?? ""),
  };
}

function sendable(headers: Record<string, string[]>): Record<string, string | string[]> {
  const sent: Record<string, string | string[]> = {};
  for (const [name, values] of Object.entries(headers)) {
    if (DROPPED.has(name) || values.length === 0) continue;
    try {
      validateHeaderName(name);
      for (const value of values) validateHeaderValue(name, value);
    } catch {
      throw new GatewayResponse("MALFORMED_ANSWER");
    }
    const [only = ""] = values;
    sent[REMAPPED.has(name) ? `x-amzn-remapped-${name}` : name] = values.length === 1 ? only : values;
  }
  return sent;
}
