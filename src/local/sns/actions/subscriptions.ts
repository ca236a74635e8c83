import { text } from "../../http/members.ts";
import { mapEntries, pairs, type QueryOperations } from "../../http/query-protocol.ts";
import { LOCAL_ACCOUNT } from "../../service.ts";
import { invalidParameter } from "../errors.ts";
import type { Subscription, Topics } from "../topics.ts";
import { paged, requiredText } from "./required.ts";

export function subscriptionActions(topics: Topics): QueryOperations {
  return {
    Subscribe: async (input) => {
      const topicArn = requiredText(input, "TopicArn");
      const protocol = requiredText(input, "Protocol");
      const endpoint = requiredText(input, "Endpoint");
      const attributes = pairs(input.Attributes);
      topics.topic(topicArn);
      const existing = topics.findSubscription(topicArn, protocol, endpoint);
      if (existing) {
        const same = Object.entries(attributes).every(([name, value]) => existing.attributes[name] === value);
        if (!same) {
          throw invalidParameter("Attributes Reason: Subscription already exists with different attributes");
        }
        return { SubscriptionArn: existing.arn };
      }
      const { arn } = await topics.subscribe(topicArn, protocol, endpoint, attributes);
      return { SubscriptionArn: arn };
    },

    Unsubscribe: async (input) => {
      await topics.unsubscribe(requiredText(input, "SubscriptionArn"));
      return undefined;
    },

    ListSubscriptions: (input) => {
      const { page, NextToken } = paged(topics.subscriptions.values(), input);
      return { Subscriptions: { member: page.map(shape) }, NextToken };
    },

    ListSubscriptionsByTopic: (input) => {
      const { arn } = topics.topic(requiredText(input, "TopicArn"));
      const { page, NextToken } = paged(topics.subscriptionsOf(arn), input);
      return { Subscriptions: { member: page.map(shape) }, NextToken };
    },

    GetSubscriptionAttributes: (input) => {
      const subscription = topics.subscription(requiredText(input, "SubscriptionArn"));
      const { FilterPolicy, FilterPolicyScope } = subscription.attributes;
      return {
        Attributes: mapEntries({
          ...shape(subscription),
          ConfirmationWasAuthenticated: "true",
          PendingConfirmation: "false",
          SubscriptionPrincipal: `arn:aws:iam::${LOCAL_ACCOUNT}:root`,
          RawMessageDelivery: "false",
          ...subscription.attributes,
          ...(FilterPolicy ? { FilterPolicyScope: FilterPolicyScope ?? "MessageAttributes" } : {}),
        }),
      };
    },

    SetSubscriptionAttributes: async (input) => {
      const value = text(input, "AttributeValue") ?? "";
      const change = { [requiredText(input, "AttributeName")]: value };
      await topics.setSubscriptionAttributes(requiredText(input, "SubscriptionArn"), change);
      return undefined;
    },
  };
}

function shape(subscription: Subscription): Record<string, string> {
  return {
    SubscriptionArn: subscription.arn,
    Owner: LOCAL_ACCOUNT,
    Protocol: subscription.protocol,
    Endpoint: subscription.endpoint,
    TopicArn: subscription.topicArn,
  };
}
