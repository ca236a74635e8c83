import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AwsError, type Service, type ServiceRequest, type ServiceResponse } from "../service.ts";
import { decodeBody, discardRest, pieces } from "./body.ts";
import { checkCaller } from "./caller.ts";
import { EVENT_STREAM_TYPE } from "./event-stream.ts";
import { type Incoming, listen, type Outgoing } from "./listener.ts";
import { route, type ServiceName } from "./route.ts";
import { unserved } from "./unserved.ts";

/** Largest body of the JSON and query protocols, in bytes: a message batch is at most 1 MiB of text. */
const DEFAULT_LIMIT_BYTES = 16 * 1024 * 1024;

export interface EngineServer {
  port: number;
  close(): Promise<void>;
}

/** Paths under this prefix are the engine's own (health, address book), not an AWS API. */
export const CONTROL_PREFIX = "/_edp/";

/** Body of a control path's error answer. */
export interface ControlFailure {
  error: { code: string; message: string };
}

export interface ServerParts {
  /** 0 takes any free port. */
  port: number;
  services: Partial<Record<ServiceName, Service>>;
  /** Answers requests below CONTROL_PREFIX. */
  control?: (request: ServiceRequest) => Promise<ServiceResponse>;
  log(line: string): void;
}

/**
 * Opens the engine's one port on 127.0.0.1.
 * @throws the listen error as it is (EADDRINUSE, EACCES); the caller words it.
 */
export async function openServer(parts: ServerParts): Promise<EngineServer> {
  return listen(parts.port, (incoming, outgoing) => void answer(parts, incoming, outgoing));
}

async function answer(parts: ServerParts, incoming: Incoming, outgoing: Outgoing): Promise<void> {
  const headers = headersOf(incoming);
  const [path = "/", search = ""] = splitOnce(incoming.url ?? "/", "?");
  const query = new URLSearchParams(search);
  const requestId = randomUUID();
  const body = decodeBody(incoming);
  let closed: AbortSignal | undefined;
  const request: ServiceRequest = {
    method: incoming.method ?? "GET",
    path,
    query,
    headers,
    rawHeaders: incoming.rawHeaders,
    body,
    bytes: (limit = DEFAULT_LIMIT_BYTES) => readAll(body, limit),
    requestId,
    // Made only for who asks: an abort costs as much as the rest of a small request.
    get closed() {
      closed ??= closeSignal(outgoing);
      return closed;
    },
  };
  // An anonymous form POST names its service by action only; SDKs always sign, so the route is by scope.
  const name = route(headers, path, query);
  const services: Partial<Record<string, Service>> = parts.services;
  const service = services[name] ?? unserved(name, Object.keys(services));
  let response: ServiceResponse;
  try {
    const followsLink = name === "s3" && request.method === "GET" && headers["sec-fetch-mode"] === "navigate";
    const { origin } = headers;
    const allowed = origin !== undefined && service.allowsOrigin?.(request, origin) === true;
    checkCaller(headers, followsLink, allowed);
    if (path.startsWith(CONTROL_PREFIX) && parts.control) response = await parts.control(request);
    else response = await service.handle(request);
  } catch (error) {
    if (incoming.destroyed && !incoming.complete) {
      parts.log(`${request.method} ${request.path}: the client broke off its request; nothing was stored`);
      return;
    }
    const control = path.startsWith(CONTROL_PREFIX) && parts.control !== undefined;
    response = failure(parts, control ? undefined : service, error, request);
  }
  await send(parts, request, response, incoming, outgoing);
}

/** The headers of a request; HTTP/2 has `:authority` in place of Host. */
function headersOf(incoming: Incoming): IncomingHttpHeaders {
  if (incoming.httpVersionMajor < 2) return incoming.headers;
  const authority = incoming.headers[":authority"];
  return typeof authority === "string" ? { ...incoming.headers, host: authority } : incoming.headers;
}

function closeSignal(outgoing: Outgoing): AbortSignal {
  const gone = new AbortController();
  if (outgoing.closed) gone.abort();
  else outgoing.once("close", () => gone.abort());
  return gone.signal;
}

function failure(
  parts: ServerParts,
  service: Service | undefined,
  error: unknown,
  request: ServiceRequest,
): ServiceResponse {
  const shown = error instanceof AwsError ? error : internal(error);
  if (!(error instanceof AwsError)) {
    // A full disk is no bug: only what is not foreseen needs its stack.
    const foreseen = (error as NodeJS.ErrnoException).code ?? "";
    const told = foreseen in STORAGE_FAULTS || !(error instanceof Error) ? shown.message : error.stack;
    parts.log(`${request.method} ${request.path}: ${told}`);
  }
  if (service) return service.fail(shown, request);
  const { code, message, status } = shown;
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error: { code, message } } satisfies ControlFailure),
  };
}

/** What a full or read-only disk means to the client, by the system's error code. */
const STORAGE_FAULTS: Record<string, string> = {
  ENOSPC: "the local engine's disk is full: nothing was stored; free some space and try again",
  EDQUOT:
    "the disk quota of the local engine's user is used up: nothing was stored; free some space and try again",
  EROFS: "the local engine's data directory is read-only: nothing was stored",
  EACCES: "the local engine may not write to its data directory: nothing was stored; correct its permissions",
  EPERM: "the local engine may not write to its data directory: nothing was stored; correct its permissions",
  EMFILE: "the local engine has too many files open: raise the limit (`ulimit -n`) and start it anew",
};

/** A fault of the machine or of the engine; SDKs retry 5xx. */
function internal(error: unknown): AwsError {
  const { code, path } = error as NodeJS.ErrnoException;
  const fault = STORAGE_FAULTS[code ?? ""];
  if (fault)
    return new AwsError("InternalError", path ? `${fault} (${path})` : fault, code === "ENOSPC" ? 507 : 500);
  return new AwsError("InternalError", error instanceof Error ? error.message : String(error), 500);
}

async function send(
  parts: ServerParts,
  request: ServiceRequest,
  response: ServiceResponse,
  incoming: Incoming,
  outgoing: Outgoing,
): Promise<void> {
  const { status, headers = {}, body = "" } = response;
  outgoing.writeHead(status, {
    "x-amzn-requestid": request.requestId,
    "x-amz-request-id": request.requestId,
    ...(body instanceof Readable ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    ...headers,
  });
  try {
    if (body instanceof Readable) await pipeline(body, outgoing);
    else outgoing.end(request.method === "HEAD" ? "" : body);
  } catch (error) {
    // The client went away or the file failed midway: the connection is all that can still say so.
    // A client ends an event stream by leaving.
    if (headers["content-type"] !== EVENT_STREAM_TYPE) {
      parts.log(`${request.method} ${request.path}: answer broken off: ${(error as Error).message}`);
    }
    outgoing.destroy();
  }
  discardRest(request.body, incoming);
}

async function readAll(body: Readable, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of pieces(body)) {
    size += chunk.length;
    if (size > limitBytes) {
      throw new AwsError("RequestEntityTooLarge", `The request is larger than ${limitBytes} bytes`, 413);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
