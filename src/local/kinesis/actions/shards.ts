import type { Operations } from "../../http/json-protocol.ts";
import { type Members, structure, text } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import { invalid, invalidArgument } from "../errors.ts";
import { ITERATOR_MS } from "../limits.ts";
import { parseSequenceNumber } from "../sequence-number.ts";
import { encodeIterator } from "../shard-iterator.ts";
import type { Shard, Stream } from "../stream.ts";
import type { Streams } from "../streams.ts";
import { bounded, requiredStream, requiredText } from "./required.ts";
import { describeShard } from "./streams.ts";

/** Shards in one page of ListShards unless it is told otherwise. */
const PAGE = 1_000;
const ITERATOR_TYPES = [
  "AT_SEQUENCE_NUMBER",
  "AFTER_SEQUENCE_NUMBER",
  "TRIM_HORIZON",
  "LATEST",
  "AT_TIMESTAMP",
];

export function shardActions(streams: Streams): Operations {
  const now = () => streams.parts.clock.now();
  return {
    ListShards: (input) => {
      const { stream, after } = pageStart(streams, input, now());
      const filter = structure(input, "ShardFilter");
      const behind =
        filter && text(filter, "Type") === "AFTER_SHARD_ID" ? text(filter, "ShardId") : undefined;
      const rest = stream.shards.filter(({ id }) => id > after && id > (behind ?? ""));
      const page = rest.slice(0, bounded(input, "MaxResults", 1, 10_000) ?? PAGE);
      const last = page.at(-1);
      const more = last !== undefined && page.length < rest.length;
      return {
        Shards: page.map((shard) => describeShard(stream, shard)),
        ...(more ? { NextToken: encodeToken(stream.name, last.id, now()) } : {}),
      };
    },

    GetShardIterator: async (input) => {
      const stream = requiredStream(streams, input);
      const shard = stream.shard(requiredText(input, "ShardId"));
      const ordinal = await startOf(stream, shard, input);
      const position = { streamName: stream.name, streamId: stream.settings.id, shardId: shard.id, ordinal };
      return { ShardIterator: encodeIterator(position, now()) };
    },
  };
}

/** The ordinal at which a new iterator stands. */
async function startOf(stream: Stream, shard: Shard, input: Members): Promise<number> {
  const type = requiredText(input, "ShardIteratorType");
  switch (type) {
    case "LATEST":
      return shard.log.next;
    case "TRIM_HORIZON":
      return stream.oldest(shard);
    case "AT_TIMESTAMP": {
      const timestamp = input.Timestamp;
      if (typeof timestamp !== "number") {
        throw invalidArgument("Must specify timestamp parameter for iterator of type AT_TIMESTAMP.");
      }
      return shard.log.ordinalAt(timestamp * 1000);
    }
    case "AT_SEQUENCE_NUMBER":
    case "AFTER_SEQUENCE_NUMBER": {
      const sequence = text(input, "StartingSequenceNumber");
      if (sequence === undefined) {
        throw invalidArgument(`Must either specify a starting sequence number for iterator of type ${type}.`);
      }
      const ordinal = ordinalOf(stream, shard, sequence);
      return type === "AT_SEQUENCE_NUMBER" ? ordinal : ordinal + 1;
    }
    default:
      throw invalid(
        "shardIteratorType",
        type,
        `Member must satisfy enum value set: [${ITERATOR_TYPES.join(", ")}]`,
      );
  }
}

function ordinalOf(stream: Stream, shard: Shard, sequence: string): number {
  const parts = parseSequenceNumber(sequence);
  const created = Math.floor(stream.settings.createdAt / 1000) * 1000;
  if (!parts || parts.shardIndex !== shard.index || parts.shardCreatedAt !== created) {
    throw invalidArgument(
      `StartingSequenceNumber ${sequence} used in GetShardIterator on shard ${shard.id} in stream ${stream.name} is invalid because it did not come from this shard.`,
    );
  }
  return parts.ordinal;
}

/** The stream of a page and the shard it begins after: NextToken stands in for both. */
function pageStart(streams: Streams, input: Members, now: number): { stream: Stream; after: string } {
  const token = text(input, "NextToken");
  if (token === undefined) {
    return { stream: requiredStream(streams, input), after: text(input, "ExclusiveStartShardId") ?? "" };
  }
  if (text(input, "StreamName") !== undefined) {
    throw invalidArgument("NextToken and StreamName cannot be provided together.");
  }
  const [name = "", after = "", issued = "0"] = Buffer.from(token, "base64").toString("utf8").split(" ");
  if (now - Number(issued) > ITERATOR_MS) {
    throw new AwsError("ExpiredNextTokenException", "The pagination token has expired.");
  }
  return { stream: streams.named(name), after };
}

function encodeToken(streamName: string, shardId: string, now: number): string {
  return Buffer.from(`${streamName} ${shardId} ${now}`).toString("base64");
}
