import { crc32 } from "node:zlib";

/** A log event as it lies in the store. */
export interface StoredEvent {
  /** Milliseconds since the epoch, as the sender gave it. */
  timestamp: number;
  ingestionTime: number;
  /** Number of its stream within the group. */
  stream: number;
  message: string;
  position: Position;
}

/** Where an event lies; never changes, so it makes a stable id. */
export interface Position {
  segment: number;
  offset: number;
}

export type NewEvent = Omit<StoredEvent, "position">;

/** One line: `<crc-32 of the rest, 8 hex digits> <timestamp> <ingestion time> <stream> <message as JSON>\n`. */
export function encodeEvent(event: NewEvent): Buffer {
  const { timestamp, ingestionTime, stream, message } = event;
  const content = `${timestamp} ${ingestionTime} ${stream} ${JSON.stringify(message)}`;
  return Buffer.from(`${crc32(content).toString(16).padStart(8, "0")} ${content}\n`);
}

/** Reads a line without its line break; undefined when it is damaged. */
export function decodeEvent(line: Buffer, position: Position): StoredEvent | undefined {
  const content = line.toString("utf8", 9);
  if (Number.parseInt(line.toString("latin1", 0, 8), 16) !== crc32(content)) return undefined;
  const head = decodeHead(line);
  const message: unknown = JSON.parse(content.slice(head.length));
  return {
    timestamp: head.timestamp,
    ingestionTime: head.ingestionTime,
    stream: head.stream,
    message: String(message),
    position,
  };
}

/** The numbers at the start of a line, without the cost of its message. `length` is theirs behind the CRC. */
export function decodeHead(line: Buffer) {
  // Three numbers of at most 16 digits.
  const head = line.toString("latin1", 9, Math.min(line.length, 70));
  const [timestamp = "", ingestionTime = "", stream = ""] = head.split(" ", 3);
  return {
    timestamp: Number(timestamp),
    ingestionTime: Number(ingestionTime),
    stream: Number(stream),
    length: timestamp.length + ingestionTime.length + stream.length + 3,
  };
}

/** Order of events: by time, and as they came in where the time is the same. */
export function compareEvents(a: Cursor, b: Cursor): number {
  return (
    a.timestamp - b.timestamp ||
    a.position.segment - b.position.segment ||
    a.position.offset - b.position.offset
  );
}

/** A place in the order of events. */
export type Cursor = Pick<StoredEvent, "timestamp" | "position">;
