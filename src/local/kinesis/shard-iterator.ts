import { AwsError } from "../service.ts";
import { invalidArgument } from "./errors.ts";
import { ITERATOR_MS } from "./limits.ts";

/** A place in a shard, as a client holds it. */
export interface ShardPosition {
  streamName: string;
  /** Tells the stream from an earlier one of its name. */
  streamId: string;
  shardId: string;
  ordinal: number;
}

type Encoded = [string, string, string, number, number];

/** A token for the place; `now` in milliseconds since the epoch. */
export function encodeIterator(position: ShardPosition, now: number): string {
  const { streamName, streamId, shardId, ordinal } = position;
  const encoded: Encoded = [streamName, streamId, shardId, ordinal, now];
  return Buffer.from(JSON.stringify(encoded)).toString("base64");
}

/** @throws AwsError InvalidArgumentException, ExpiredIteratorException */
export function decodeIterator(token: string, now: number): ShardPosition {
  const [streamName, streamId, shardId, ordinal, issued] = parse(token);
  if (now - issued > ITERATOR_MS) {
    const time = (ms: number) => new Date(ms).toISOString();
    throw new AwsError(
      "ExpiredIteratorException",
      `Iterator expired. The iterator was created at time ${time(issued)} while right now it is ${time(now)} which is further in the future than the tolerated delay of ${ITERATOR_MS} milliseconds.`,
    );
  }
  return { streamName, streamId, shardId, ordinal };
}

function parse(token: string): Encoded {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64").toString("utf8"));
    if (
      Array.isArray(value) &&
      value.length === 5 &&
      value.every((item, at) => (at < 3 ? typeof item === "string" : Number.isSafeInteger(item)))
    )
      return value as Encoded;
  } catch {
    // Not a token of this engine: as below.
  }
  throw invalidArgument("Invalid ShardIterator.");
}
