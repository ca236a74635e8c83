import path from "node:path";
import { Outbox } from "../delivery/outbox.ts";
import { failQuery, handleQuery, type QueryOperations } from "../http/query-protocol.ts";
import type { Delivery, EngineParts, Service } from "../service.ts";
import { publishActions } from "./actions/publish.ts";
import { subscriptionActions } from "./actions/subscriptions.ts";
import { tagActions } from "./actions/tags.ts";
import { topicActions } from "./actions/topics.ts";
import { deadNotification } from "./fan-out.ts";
import { Publisher } from "./publisher.ts";
import { Topics } from "./topics.ts";

/** SNS of the local engine: the API, and what the engine's other parts use in process. */
export interface SnsService extends Service {
  /** Creates a topic, or sets these attributes on the one of this name. */
  createTopic(name: string, attributes?: Record<string, string>): Promise<{ arn: string }>;
  /** Deletes a topic and its subscriptions; none of this ARN is no error. */
  removeTopic(arn: string): Promise<void>;
  /** Subscribes an endpoint, or sets these attributes on its subscription. */
  subscribe(
    topicArn: string,
    protocol: string,
    endpointArn: string,
    attributes: Record<string, string>,
  ): Promise<{ arn: string }>;
  /** Ends the subscription of a queue or function; none is no error. */
  unsubscribe(topicArn: string, endpointArn: string): Promise<void>;
  /**
   * Publishes; resolves once every subscription that wants the message has it durably, or it lies in the
   * durable retry log.
   * @throws AwsError NotFound
   */
  publish(topicArn: string, delivery: Delivery): Promise<void>;
}

const PROTOCOL = { namespace: "http://sns.amazonaws.com/doc/2010-03-31/" };

/** Opens the topics of the data directory and serves SNS by the query protocol. */
export async function createSns(parts: EngineParts): Promise<SnsService> {
  const topics = await Topics.open(parts);
  const file = path.join(parts.dataDirectory, "sns", "undelivered.log");
  const outbox = await Outbox.open(parts, file, deadNotification);
  const publisher = new Publisher(topics, outbox);
  const operations: QueryOperations = {
    ...topicActions(topics),
    ...subscriptionActions(topics),
    ...publishActions(topics, publisher, parts),
    ...tagActions(topics),
  };
  return {
    handle: (request) => handleQuery(PROTOCOL, operations, request),
    fail: (error, request) => failQuery(PROTOCOL, error, request),
    close: async () => {
      await outbox.close();
      await topics.close();
    },

    createTopic: async (name, attributes = {}) => {
      const fifo: Record<string, string> = name.endsWith(".fifo") ? { FifoTopic: "true" } : {};
      const { arn } = await topics.create(name, fifo, {});
      for (const [key, value] of Object.entries(attributes)) {
        if (topics.topic(arn).attributes[key] !== value) await topics.setTopicAttribute(arn, key, value);
      }
      return { arn };
    },
    removeTopic: (arn) => topics.deleteTopic(arn),
    subscribe: async (topicArn, protocol, endpoint, attributes) => {
      const existing = topics.findSubscription(topicArn, protocol, endpoint);
      if (!existing) return topics.subscribe(topicArn, protocol, endpoint, attributes);
      const gone = Object.keys(existing.attributes).filter((name) => attributes[name] === undefined);
      const emptied = Object.fromEntries(gone.map((name) => [name, ""]));
      await topics.setSubscriptionAttributes(existing.arn, { ...emptied, ...attributes });
      return existing;
    },
    unsubscribe: async (topicArn, endpoint) => {
      const subscribed = topics.subscriptionsOf(topicArn).filter((one) => one.endpoint === endpoint);
      for (const { arn } of subscribed) await topics.unsubscribe(arn);
    },
    publish: async (topicArn, delivery) => {
      await publisher.publish(topicArn, {
        subject: undefined,
        message: { default: delivery.body },
        attributes: delivery.attributes ?? {},
        group: delivery.messageGroupId,
        deduplicationId: delivery.messageDeduplicationId,
        traceHeader: delivery.traceHeader,
      });
    },
  };
}
