import { crc32 } from "node:zlib";

export const EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream";

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
/** Type byte of a string header. */
const STRING = 7;

/**
 * One message of an AWS event stream: two lengths with their CRC, headers (all strings here), payload, CRC of it all.
 * https://smithy.io/2.0/aws/amazon-eventstream.html
 */
export function eventStreamMessage(headers: Record<string, string>, payload: Buffer): Buffer {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const bytes = Buffer.from(value);
      const size = Buffer.alloc(2);
      size.writeUInt16BE(bytes.length);
      return Buffer.concat([
        Buffer.from([name.length]),
        Buffer.from(name),
        Buffer.from([STRING]),
        size,
        bytes,
      ]);
    }),
  );
  const prelude = Buffer.alloc(PRELUDE_BYTES);
  prelude.writeUInt32BE(PRELUDE_BYTES + head.length + payload.length + CRC_BYTES, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const content = Buffer.concat([prelude, head, payload]);
  const crc = Buffer.alloc(CRC_BYTES);
  crc.writeUInt32BE(crc32(content));
  return Buffer.concat([content, crc]);
}

/** An event of the stream with JSON as its payload. */
export function streamEvent(type: string, members: object): Buffer {
  return eventStreamMessage(
    { ":event-type": type, ":content-type": "application/json", ":message-type": "event" },
    Buffer.from(JSON.stringify(members)),
  );
}

/** An exception, which ends the stream. */
export function streamException(type: string, message: string): Buffer {
  return eventStreamMessage(
    { ":exception-type": type, ":content-type": "application/json", ":message-type": "exception" },
    Buffer.from(JSON.stringify({ message })),
  );
}
