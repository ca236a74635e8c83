import type { Operations } from "../../http/json-protocol.ts";
import { integer, structure, text, textMap } from "../../http/members.ts";
import { invalid, invalidArgument } from "../errors.ts";
import { ON_DEMAND_STREAM_LIMIT, SHARD_LIMIT } from "../limits.ts";
import type { Shard, Stream, StreamSettings } from "../stream.ts";
import type { Streams } from "../streams.ts";
import { bounded, requiredStream, requiredText } from "./required.ts";

export function streamActions(streams: Streams): Operations {
  return {
    CreateStream: async (input) => {
      const mode = modeOf(structure(input, "StreamModeDetails")) ?? "PROVISIONED";
      const shards = integer(input, "ShardCount");
      if (mode === "PROVISIONED" && shards === undefined) {
        throw invalidArgument("ShardCount must be provided for a stream in PROVISIONED mode");
      }
      if (mode === "ON_DEMAND" && shards !== undefined) {
        throw invalidArgument("ShardCount must not be provided for a stream in ON_DEMAND mode");
      }
      await streams.create(requiredText(input, "StreamName"), shards ?? null, textMap(input, "Tags"));
      return undefined;
    },

    DeleteStream: async (input) => {
      await streams.delete(requiredStream(streams, input));
      return undefined;
    },

    ListStreams: (input) => {
      const after = text(input, "NextToken") ?? text(input, "ExclusiveStartStreamName") ?? "";
      const rest = streams.all().filter(({ name }) => name > after);
      const page = rest.slice(0, bounded(input, "Limit", 1, 10_000) ?? 100);
      const more = page.length < rest.length;
      return {
        StreamNames: page.map(({ name }) => name),
        StreamSummaries: page.map((stream) => summary(stream)),
        HasMoreStreams: more,
        ...(more ? { NextToken: page.at(-1)?.name } : {}),
      };
    },

    DescribeStream: async (input) => {
      const stream = requiredStream(streams, input);
      const after = text(input, "ExclusiveStartShardId") ?? "";
      const rest = stream.shards.filter(({ id }) => id > after);
      const page = rest.slice(0, bounded(input, "Limit", 1, 10_000) ?? 100);
      return {
        StreamDescription: {
          ...details(stream),
          Shards: page.map((shard) => describeShard(stream, shard)),
          HasMoreShards: page.length < rest.length,
        },
      };
    },

    DescribeStreamSummary: (input) => {
      const stream = requiredStream(streams, input);
      return {
        StreamDescriptionSummary: {
          ...details(stream),
          OpenShardCount: stream.shards.length,
          ConsumerCount: 0,
          MaxRecordSizeInKiB: 1024,
        },
      };
    },

    UpdateStreamMode: async (input) => {
      const mode = modeOf(structure(input, "StreamModeDetails"));
      if (!mode) throw invalid("streamModeDetails", undefined, "Member must not be null");
      await streams.update(requiredStream(streams, input), { mode });
      return undefined;
    },

    DescribeLimits: () => ({
      ShardLimit: SHARD_LIMIT,
      OpenShardCount: streams.all().reduce((sum, { shards }) => sum + shards.length, 0),
      OnDemandStreamCount: streams.all().filter(({ settings }) => settings.mode === "ON_DEMAND").length,
      OnDemandStreamCountLimit: ON_DEMAND_STREAM_LIMIT,
    }),
  };
}

/** A shard as the API shows it. */
export function describeShard(stream: Stream, shard: Shard) {
  return {
    ShardId: shard.id,
    HashKeyRange: shard.range,
    SequenceNumberRange: {
      StartingSequenceNumber: stream.sequenceNumber(shard, 0, stream.settings.createdAt),
    },
  };
}

function summary({ name, arn, settings }: Stream) {
  return {
    StreamName: name,
    StreamARN: arn,
    StreamStatus: "ACTIVE",
    StreamModeDetails: { StreamMode: settings.mode },
    StreamCreationTimestamp: settings.createdAt / 1000,
  };
}

function details(stream: Stream) {
  return {
    ...summary(stream),
    RetentionPeriodHours: stream.settings.retentionHours,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: "NONE",
  };
}

function modeOf(details: Record<string, unknown> | undefined): StreamSettings["mode"] | undefined {
  const mode = details && text(details, "StreamMode");
  if (mode === undefined || mode === "ON_DEMAND" || mode === "PROVISIONED") return mode;
  throw invalid(
    "streamModeDetails.streamMode",
    mode,
    "Member must satisfy enum value set: [PROVISIONED, ON_DEMAND]",
  );
}
