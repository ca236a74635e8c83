import type { IncomingHttpHeaders } from "node:http";
import type { ServiceRequest, ServiceResponse } from "../service.ts";
import type { ApiDeclaration } from "./declaration.ts";
import { matchRoute } from "./match.ts";

/** Headers that a page may send, as the HCL module `api` has them. */
const ALLOWED_HEADERS = "Content-Type,Idempotency-Key,X-Api-Key";
/** Seconds for which a browser remembers the answer. */
const MAX_AGE_SECONDS = 3_600;

/** Whether pages of the request's origin may call the API. */
export function allowsOrigin({ corsOrigins }: Pick<ApiDeclaration, "corsOrigins">, origin: string): boolean {
  return corsOrigins.includes("*") || corsOrigins.includes(origin);
}

/** The headers without which a browser hides an answer from a page; none for origins that may not see it. */
export function corsHeaders(api: ApiDeclaration, headers: IncomingHttpHeaders): Record<string, string> {
  const { origin } = headers;
  if (api.corsOrigins.length === 0) return {};
  if (origin === undefined || !allowsOrigin(api, origin)) return { vary: "Origin" };
  return { "access-control-allow-origin": origin, vary: "Origin" };
}

/**
 * The answer to a browser's question before a request of a page; undefined when the request is none, or the API
 * allows no origins.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html
 */
export function preflight(
  api: ApiDeclaration,
  request: ServiceRequest,
  path: string,
): ServiceResponse | undefined {
  if (request.method !== "OPTIONS" || api.corsOrigins.length === 0) return undefined;
  const methods = [...new Set(api.routes.map(({ method }) => method))].filter((method) =>
    matchRoute(
      api.routes.filter((route) => route.method === method),
      method,
      path,
    ),
  );
  if (methods.length === 0 || methods.includes("OPTIONS")) return undefined;
  return {
    status: 204,
    headers: {
      ...corsHeaders(api, request.headers),
      "access-control-allow-methods": [...methods, "OPTIONS"].sort().join(","),
      "access-control-allow-headers": ALLOWED_HEADERS,
      "access-control-max-age": String(MAX_AGE_SECONDS),
    },
  };
}
