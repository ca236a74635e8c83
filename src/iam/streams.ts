import { passRole } from "./functions.ts";
import { actions, arn, type Grants, namePrefix } from "./grant.ts";

/**
 * Data streams.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesis.html
 */
export const KINESIS_TYPES: Record<string, Grants> = {
  aws_kinesis_stream: (scope) => [
    {
      sid: "Streams",
      actions: actions(
        "kinesis",
        `CreateStream DeleteStream DescribeStreamSummary IncreaseStreamRetentionPeriod DecreaseStreamRetentionPeriod
        StartStreamEncryption StopStreamEncryption AddTagsToStream RemoveTagsFromStream ListTagsForStream
        ListTagsForResource TagResource UntagResource`,
      ),
      resources: [arn(scope, "kinesis", `stream/${namePrefix(scope)}*`)],
    },
    {
      sid: "StreamCapacity",
      actions: actions("kinesis", "DescribeLimits UpdateShardCount UpdateStreamMode"),
      // Kinesis knows no resources for these.
      resources: ["*"],
    },
  ],
};

/**
 * Delivery streams.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisfirehose.html
 */
export const FIREHOSE_TYPES: Record<string, Grants> = {
  aws_kinesis_firehose_delivery_stream: (scope) => [
    {
      sid: "Deliveries",
      actions: actions(
        "firehose",
        `CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream UpdateDestination
        ListTagsForDeliveryStream TagDeliveryStream UntagDeliveryStream`,
      ),
      resources: [arn(scope, "firehose", `deliverystream/${namePrefix(scope)}*`)],
    },
    ...passRole(scope, "firehose.amazonaws.com"),
  ],
};

/** `edp destroy` looks whether a stream holds records. */
export const lookIntoStreams: Grants = (scope) => [
  {
    sid: "LookIntoStreams",
    actions: actions("kinesis", "ListShards GetShardIterator GetRecords"),
    resources: [arn(scope, "kinesis", `stream/${namePrefix(scope)}*`)],
  },
];
