import type { Operations } from "../../http/json-protocol.ts";
import { integer, type Members, structure, structures, text } from "../../http/members.ts";
import { AwsError, LOCAL_ACCOUNT, LOCAL_REGION } from "../../service.ts";
import type { DeliverySettings } from "../delivery.ts";
import type { DeliveryStream, DeliveryStreams } from "../delivery-streams.ts";
import {
  checkPartitionedBuffer,
  DESTINATION_ID,
  describeDestination,
  parseDestination,
  type S3Destination,
} from "../destination.ts";
import { invalidArgument } from "../errors.ts";
import { requiredStream, requiredText } from "./required.ts";

const TYPES = ["DirectPut", "KinesisStreamAsSource"];
/** ListDeliveryStreams gives so many names unless it is told otherwise. */
const PAGE = 10;

export function deliveryStreamActions(streams: DeliveryStreams): Operations {
  return {
    CreateDeliveryStream: async (input) => {
      const type = text(input, "DeliveryStreamType") ?? "DirectPut";
      if (!TYPES.includes(type)) {
        throw invalidArgument(
          `DeliveryStreamType ${type} is not served by edp's local engine, only ${TYPES.join(", ")}`,
        );
      }
      const source = structure(input, "KinesisStreamSourceConfiguration");
      if ((type === "KinesisStreamAsSource") !== (source !== undefined)) {
        throw invalidArgument(
          "KinesisStreamSourceConfiguration must be given for KinesisStreamAsSource, and only for that",
        );
      }
      const stream = source ? streamOf(requiredText(source, "KinesisStreamARN")) : null;
      const destination = destinationOf(input, "Configuration");
      const { delivery } = await streams.create(
        requiredText(input, "DeliveryStreamName"),
        stream,
        destination,
        tagsIn(input),
      );
      return { DeliveryStreamARN: arnOf(delivery.settings) };
    },

    DeleteDeliveryStream: async (input) => {
      await streams.delete(requiredStream(streams, input));
      return {};
    },

    DescribeDeliveryStream: (input) => ({
      DeliveryStreamDescription: describe(requiredStream(streams, input)),
    }),

    ListDeliveryStreams: (input) => {
      const after = text(input, "ExclusiveStartDeliveryStreamName") ?? "";
      const type = text(input, "DeliveryStreamType");
      const rest = streams
        .all()
        .map(({ delivery }) => delivery.settings)
        .filter((settings) => settings.name > after && (type === undefined || typeOf(settings) === type));
      const page = rest.slice(0, integer(input, "Limit") ?? PAGE);
      return {
        DeliveryStreamNames: page.map(({ name }) => name),
        HasMoreDeliveryStreams: page.length < rest.length,
      };
    },

    UpdateDestination: async (input) => {
      const stream = requiredStream(streams, input);
      const { version, destination } = stream.delivery.settings;
      if (requiredText(input, "CurrentDeliveryStreamVersionId") !== String(version)) {
        throw new AwsError(
          "ConcurrentModificationException",
          `Firehose version id mismatch: the current version is ${version}`,
        );
      }
      if (requiredText(input, "DestinationId") !== DESTINATION_ID) {
        throw invalidArgument(`Destination Id ${text(input, "DestinationId")} not found`);
      }
      await streams.update(stream, destinationOf(input, "Update", destination));
      return {};
    },

    TagDeliveryStream: async (input) => {
      const stream = requiredStream(streams, input);
      await streams.tag(stream, { ...stream.delivery.settings.tags, ...tagsIn(input) });
      return {};
    },

    UntagDeliveryStream: async (input) => {
      const stream = requiredStream(streams, input);
      const removed = input.TagKeys;
      const kept = Object.entries(stream.delivery.settings.tags).filter(
        ([key]) => !(Array.isArray(removed) && removed.includes(key)),
      );
      await streams.tag(stream, Object.fromEntries(kept));
      return {};
    },

    ListTagsForDeliveryStream: (input) => ({
      Tags: Object.entries(requiredStream(streams, input).delivery.settings.tags).map(([Key, Value]) => ({
        Key,
        Value,
      })),
      HasMoreTags: false,
    }),
  };
}

/** The S3 destination in a request: the extended one, or the older one of the same members. */
function destinationOf(
  input: Members,
  suffix: "Configuration" | "Update",
  before?: S3Destination,
): S3Destination {
  const given =
    structure(input, `ExtendedS3Destination${suffix}`) ?? structure(input, `S3Destination${suffix}`);
  if (!given) {
    throw invalidArgument(
      "Exactly one destination configuration is supported; edp's local engine delivers to S3 only",
    );
  }
  const destination = parseDestination(given, before);
  checkPartitionedBuffer(destination);
  return destination;
}

function describe({ delivery }: DeliveryStream) {
  const { settings } = delivery;
  const { name, stream, createdAt, updatedAt, version, destination } = settings;
  return {
    DeliveryStreamName: name,
    DeliveryStreamARN: arnOf(settings),
    DeliveryStreamStatus: "ACTIVE",
    DeliveryStreamType: typeOf(settings),
    VersionId: String(version),
    CreateTimestamp: createdAt / 1000,
    LastUpdateTimestamp: updatedAt / 1000,
    ...(stream === null
      ? {}
      : {
          Source: {
            KinesisStreamSourceDescription: {
              KinesisStreamARN: `arn:aws:kinesis:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stream/${stream}`,
              RoleARN: destination.roleArn,
              DeliveryStartTimestamp: createdAt / 1000,
            },
          },
        }),
    Destinations: [describeDestination(destination)],
    HasMoreDestinations: false,
  };
}

function arnOf({ name }: DeliverySettings): string {
  return `arn:aws:firehose:${LOCAL_REGION}:${LOCAL_ACCOUNT}:deliverystream/${name}`;
}

function typeOf({ stream }: DeliverySettings): string {
  return stream === null ? "DirectPut" : "KinesisStreamAsSource";
}

function streamOf(arn: string): string {
  const name = /^arn:aws[a-z-]*:kinesis:[^:]*:[^:]*:stream\/([^/]+)$/.exec(arn)?.[1];
  if (name === undefined) throw invalidArgument(`KinesisStreamARN ${arn} is not the ARN of a stream`);
  return name;
}

function tagsIn(input: Members): Record<string, string> {
  return Object.fromEntries(
    structures(input, "Tags").map((tag) => [text(tag, "Key") ?? "", text(tag, "Value") ?? ""]),
  );
}
