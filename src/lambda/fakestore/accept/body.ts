import { isUtf8 } from "node:buffer";
import { gunzipSync } from "node:zlib";
import type { APIGatewayProxyEvent } from "aws-lambda";

/** Largest body in bytes, once it is decompressed. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Most events of a request: as many as one PutRecords takes. */
export const MAX_EVENTS = 500;
/** First bytes of gzip. No JSON begins so. */
const GZIP = [0x1f, 0x8b];

/** What is left of them where a gateway took them for text. */
const SPOILT_GZIP = "\u001f\ufffd";

/** A body that is refused as a whole. */
export class BodyRefusal extends Error {
  constructor(
    readonly status: 400 | 413 | 415,
    message: string,
  ) {
    super(message);
    this.name = "BodyRefusal";
  }
}

export interface PostedEvents {
  events: unknown[];
  /** Whether an array was posted, be it of one. */
  several: boolean;
}

/**
 * The events in a request's body: one JSON object or an array of them; base64 where the gateway says so; compressed
 * by gzip where it still is (a gateway that decompresses leaves nothing to do, whatever the header says).
 * @throws BodyRefusal
 */
export function readEvents(request: Pick<APIGatewayProxyEvent, "body" | "isBase64Encoded">): PostedEvents {
  const sent = Buffer.from(request.body ?? "", request.isBase64Encoded ? "base64" : "utf8");
  const bytes = GZIP.every((byte, index) => sent[index] === byte) ? decompress(sent) : sent;
  if (bytes.length > MAX_BODY_BYTES) throw tooLarge();
  if (!isUtf8(bytes)) throw new BodyRefusal(400, "The body is not UTF-8.");
  const value = parse(bytes.toString("utf8"));
  if (!Array.isArray(value)) {
    if (typeof value === "object" && value !== null) return { events: [value], several: false };
    throw new BodyRefusal(400, "The body must be an event or an array of events.");
  }
  if (value.length === 0 || value.length > MAX_EVENTS) {
    throw new BodyRefusal(400, `The array has ${value.length} events; it must have 1 to ${MAX_EVENTS}.`);
  }
  return { events: value, several: true };
}

function decompress(sent: Buffer): Buffer {
  try {
    // The bound holds while it decompresses: a bomb never gets to its size.
    return gunzipSync(sent, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
    throw new BodyRefusal(415, "The body begins as gzip and can't be decompressed.");
  }
}

function parse(text: string): unknown {
  if (text.startsWith(SPOILT_GZIP))
    throw new BodyRefusal(415, "The body is compressed: send the header Content-Encoding: gzip with it.");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BodyRefusal(400, `The body is not JSON: ${(error as Error).message}`);
  }
}

const tooLarge = () =>
  new BodyRefusal(
    413,
    `The body is larger than ${MAX_BODY_BYTES} bytes; send the events in several requests.`,
  );
