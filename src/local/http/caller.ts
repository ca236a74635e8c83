import type { IncomingHttpHeaders } from "node:http";
import { AwsError } from "../service.ts";

/** Names by which programs of this machine (and its containers) reach the engine, or that SDKs sign for. */
const HOST =
  /^(127(\.\d{1,3}){3}|(.+\.)?localhost|\[::1\]|host\.(docker|containers)\.internal|.+\.amazonaws\.com(\.cn)?)(:\d+)?$/i;
const LOOPBACK_ORIGIN = /^https?:\/\/((.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Refuses what a web page in this machine's browser may send to the engine, which checks no credentials: pages of
 * other sites (Origin, Sec-Fetch-Site) and pages whose own name was made to point here (DNS rebinding: Host).
 * A link that somebody follows to an object may come from anywhere, and an API's own pages from the origins that it
 * was given.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 * @throws AwsError AccessDenied
 */
export function checkCaller(headers: IncomingHttpHeaders, followsLink: boolean, allowedOrigin = false): void {
  const { host, origin } = headers;
  if (host !== undefined && !HOST.test(host)) {
    throw refused(`the host ${host} is none of its names: use http://127.0.0.1 or http://localhost`);
  }
  if (allowedOrigin) return;
  if (origin !== undefined && !LOOPBACK_ORIGIN.test(origin)) {
    throw refused(`pages of ${origin} may not use it`);
  }
  if (headers["sec-fetch-site"] === "cross-site" && !followsLink) {
    throw refused("pages of other sites may not use it");
  }
}

function refused(why: string): AwsError {
  return new AwsError(
    "AccessDenied",
    `edp's local engine serves programs of this machine only; ${why}.`,
    403,
  );
}
