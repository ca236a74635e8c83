import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";

/** The payload of a request, without transport framing. */
export function decodeBody(incoming: IncomingMessage): Readable {
  return incoming;
}
