import { actions, arn, type Grants, namePrefix } from "./grant.ts";

const ruleGrants: (names: string) => Grants = (names) => (scope) => [
  {
    sid: "Rules",
    actions: actions("events", names),
    resources: [arn(scope, "events", `rule/${namePrefix(scope)}*`)],
  },
];

/**
 * EventBridge rules and targets on the default bus.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
 */
export const EVENTS_TYPES: Record<string, Grants> = {
  aws_cloudwatch_event_rule: ruleGrants(
    "PutRule DescribeRule DeleteRule ListTagsForResource TagResource UntagResource",
  ),
  aws_cloudwatch_event_target: ruleGrants("PutTargets RemoveTargets ListTargetsByRule"),
};

const topicGrants: (names: string) => Grants = (names) => (scope) => [
  {
    sid: "Topics",
    actions: actions("sns", names),
    resources: [arn(scope, "sns", `${namePrefix(scope)}*`)],
  },
];

/**
 * Topics and subscriptions.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
 */
export const SNS_TYPES: Record<string, Grants> = {
  aws_sns_topic: topicGrants(
    "CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes ListTagsForResource TagResource UntagResource",
  ),
  aws_sns_topic_policy: topicGrants("GetTopicAttributes SetTopicAttributes"),
  aws_sns_topic_subscription: (scope) => [
    ...topicGrants("Subscribe ListSubscriptionsByTopic")(scope),
    {
      sid: "Subscriptions",
      actions: actions("sns", "GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe"),
      // SNS knows no resources for these actions.
      resources: ["*"],
    },
  ],
};

/**
 * Queues.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
 */
export const SQS_TYPES: Record<string, Grants> = {
  aws_sqs_queue: (scope) => [
    {
      sid: "Queues",
      actions: actions(
        "sqs",
        "CreateQueue DeleteQueue GetQueueUrl GetQueueAttributes SetQueueAttributes ListQueueTags TagQueue UntagQueue",
      ),
      resources: [arn(scope, "sqs", `${namePrefix(scope)}*`)],
    },
  ],
};
