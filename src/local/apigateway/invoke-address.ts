import type { IncomingHttpHeaders } from "node:http";

/** Where a request to an API goes. */
export interface InvokeAddress {
  apiId: string;
  stage: string;
  /** Path of the resource as sent, percent-encoded, `/` at least. */
  path: string;
}

const PATH = /^\/restapis\/([^/]+)\/([^/]+)\/_user_request_(\/.*)?$/;
const HOST = /^([a-z0-9]+)\.execute-api\./i;
const STAGE_PATH = /^\/([^/]*)(\/.*)?$/;

/**
 * The API that a request invokes, by path (`/restapis/<id>/<stage>/_user_request_/<path>`) or by host
 * (`<id>.execute-api.<anything>`, `/<stage>/<path>`); undefined when it invokes none.
 */
export function invokeAddress(headers: IncomingHttpHeaders, path: string): InvokeAddress | undefined {
  const byPath = PATH.exec(path);
  if (byPath) return { apiId: byPath[1] ?? "", stage: byPath[2] ?? "", path: byPath[3] ?? "/" };
  const host = HOST.exec(headers.host ?? "");
  const staged = host && STAGE_PATH.exec(path);
  if (!host || !staged) return undefined;
  return { apiId: (host[1] ?? "").toLowerCase(), stage: staged[1] ?? "", path: staged[2] ?? "/" };
}
