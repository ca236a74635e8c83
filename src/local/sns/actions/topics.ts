import { text } from "../../http/members.ts";
import { mapEntries, pairs, type QueryOperations } from "../../http/query-protocol.ts";
import { LOCAL_ACCOUNT } from "../../service.ts";
import type { Topic, Topics } from "../topics.ts";
import { paged, requiredText } from "./required.ts";

export function topicActions(topics: Topics): QueryOperations {
  return {
    CreateTopic: async (input) => {
      const attributes = pairs(input.Attributes);
      const topic = await topics.create(requiredText(input, "Name"), attributes, pairs(input.Tags));
      return { TopicArn: topic.arn };
    },

    DeleteTopic: async (input) => {
      await topics.deleteTopic(requiredText(input, "TopicArn"));
      return undefined;
    },

    ListTopics: (input) => {
      const { page, NextToken } = paged(topics.topics.values(), input);
      return { Topics: { member: page.map(({ arn }) => ({ TopicArn: arn })) }, NextToken };
    },

    GetTopicAttributes: (input) => {
      const topic = topics.topic(requiredText(input, "TopicArn"));
      return { Attributes: mapEntries(attributesOf(topic, topics)) };
    },

    SetTopicAttributes: async (input) => {
      const value = text(input, "AttributeValue") ?? "";
      await topics.setTopicAttribute(
        requiredText(input, "TopicArn"),
        requiredText(input, "AttributeName"),
        value,
      );
      return undefined;
    },
  };
}

function attributesOf(topic: Topic, topics: Topics): Record<string, string> {
  return {
    TopicArn: topic.arn,
    Owner: LOCAL_ACCOUNT,
    DisplayName: "",
    Policy: defaultPolicy(topic.arn),
    SubscriptionsConfirmed: String(topics.subscriptionsOf(topic.arn).length),
    SubscriptionsPending: "0",
    SubscriptionsDeleted: String(topic.deleted),
    ...topic.attributes,
  };
}

/** The policy of a topic that was given none: its owner may do everything. */
function defaultPolicy(arn: string): string {
  const actions = [
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
  ];
  return JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Effect: "Allow",
        Sid: "__default_statement_ID",
        Principal: { AWS: "*" },
        Action: actions.map((action) => `SNS:${action}`),
        Resource: arn,
        Condition: { StringEquals: { "AWS:SourceOwner": LOCAL_ACCOUNT } },
      },
    ],
  });
}
