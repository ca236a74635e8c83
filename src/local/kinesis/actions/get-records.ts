import type { Operations } from "../../http/json-protocol.ts";
import { streamNotFound } from "../errors.ts";
import { MAX_READ_BYTES, MAX_READ_RECORDS } from "../limits.ts";
import type { KinesisMetrics } from "../metrics.ts";
import { decodeIterator, encodeIterator } from "../shard-iterator.ts";
import type { Streams } from "../streams.ts";
import { bounded, requiredText } from "./required.ts";

export function getActions(streams: Streams, metrics: KinesisMetrics): Operations {
  const { clock } = streams.parts;
  return {
    GetRecords: async (input) => {
      const position = decodeIterator(requiredText(input, "ShardIterator"), clock.now());
      const stream = streams.named(position.streamName);
      if (stream.settings.id !== position.streamId) throw streamNotFound(position.streamName);
      const shard = stream.shard(position.shardId);
      const maxRecords = bounded(input, "Limit", 1, MAX_READ_RECORDS) ?? MAX_READ_RECORDS;
      const records = await stream.read(shard, position.ordinal, { maxRecords, maxBytes: MAX_READ_BYTES });
      const last = records.at(-1);
      const next = last ? last.ordinal + 1 : position.ordinal;
      const behind =
        next >= shard.log.next || !last ? 0 : Math.max(0, shard.log.lastArrival - last.arrivedAt);
      metrics.read(stream.name, records);
      return {
        Records: records.map(({ ordinal, arrivedAt, key, data }) => ({
          SequenceNumber: stream.sequenceNumber(shard, ordinal, arrivedAt),
          ApproximateArrivalTimestamp: arrivedAt / 1000,
          Data: data.toString("base64"),
          PartitionKey: key,
          EncryptionType: "NONE",
        })),
        NextShardIterator: encodeIterator({ ...position, ordinal: next }, clock.now()),
        MillisBehindLatest: behind,
      };
    },
  };
}
