import { randomUUID } from "node:crypto";
import path from "node:path";
import { type EngineParts, LOCAL_ACCOUNT, LOCAL_REGION } from "../service.ts";
import { DurableMap } from "../storage/durable-map.ts";
import { invalidParameter, notFound } from "./errors.ts";
import { compileFilter, type Filter, type FilterPolicyScope } from "./filter-policy.ts";

export interface Topic {
  arn: string;
  attributes: Record<string, string>;
  tags: Record<string, string>;
  /** Subscriptions ever deleted, for GetTopicAttributes. */
  deleted: number;
}

export interface Subscription {
  arn: string;
  topicArn: string;
  protocol: Protocol;
  endpoint: string;
  attributes: Record<string, string>;
}

/** A mail goes to the outbox: nothing leaves the machine. */
export type Protocol = "sqs" | "lambda" | "email";

const NAME = /^[A-Za-z0-9_-]{1,256}$|^[A-Za-z0-9_-]{1,251}\.fifo$/;

/** Attributes of a topic that may be set; the engine keeps all and acts on the FIFO ones. */
const TOPIC_ATTRIBUTES = new Set([
  "DisplayName",
  "Policy",
  "DeliveryPolicy",
  "KmsMasterKeyId",
  "SignatureVersion",
  "TracingConfig",
  "FifoTopic",
  "ContentBasedDeduplication",
  "FifoThroughputScope",
  "ArchivePolicy",
  "DataProtectionPolicy",
]);
const DELIVERY_FEEDBACK =
  /^(HTTP|SQS|Lambda|Firehose|Application)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)$/;

const SUBSCRIPTION_ATTRIBUTES = new Set([
  "RawMessageDelivery",
  "FilterPolicy",
  "FilterPolicyScope",
  "RedrivePolicy",
  "DeliveryPolicy",
]);

/** Topics and subscriptions, durable. Filter policies are compiled once. */
export class Topics {
  readonly #filters = new Map<string, Filter>();

  private constructor(
    readonly topics: DurableMap<Topic>,
    readonly subscriptions: DurableMap<Subscription>,
  ) {}

  static async open(parts: EngineParts): Promise<Topics> {
    const directory = path.join(parts.dataDirectory, "sns");
    return new Topics(
      await DurableMap.open<Topic>(path.join(directory, "topics.log")),
      await DurableMap.open<Subscription>(path.join(directory, "subscriptions.log")),
    );
  }

  /** @throws AwsError NotFound */
  topic(arn: string): Topic {
    const topic = this.topics.get(arn);
    if (!topic) throw notFound("Topic");
    return topic;
  }

  /** @throws AwsError NotFound */
  subscription(arn: string): Subscription {
    const subscription = this.subscriptions.get(arn);
    if (!subscription) throw notFound("Subscription");
    return subscription;
  }

  subscriptionsOf(topicArn: string): Subscription[] {
    return this.subscriptions.values().filter((subscription) => subscription.topicArn === topicArn);
  }

  /** Creates a topic, or returns the one of this name. @throws AwsError InvalidParameter */
  async create(
    name: string,
    attributes: Record<string, string>,
    tags: Record<string, string>,
  ): Promise<Topic> {
    if (!NAME.test(name)) {
      throw invalidParameter(
        "Topic Name. Topic names must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
      );
    }
    const fifo = name.endsWith(".fifo");
    if (fifo !== (attributes.FifoTopic === "true")) {
      throw invalidParameter(
        "Topic Name. A FIFO topic needs a name that ends with .fifo and the attribute FifoTopic.",
      );
    }
    for (const key of Object.keys(attributes)) checkTopicAttribute(key);
    const arn = `arn:aws:sns:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${name}`;
    const existing = this.topics.get(arn);
    if (!existing) {
      const topic: Topic = { arn, attributes, tags, deleted: 0 };
      await this.topics.set(arn, topic);
      return topic;
    }
    const differs = Object.entries(attributes).find(([key, value]) => existing.attributes[key] !== value);
    if (differs) throw invalidParameter(`Attributes Reason: Topic already exists with different attributes`);
    return existing;
  }

  async setTopicAttribute(arn: string, name: string, value: string): Promise<void> {
    checkTopicAttribute(name);
    const topic = this.topic(arn);
    await this.topics.set(arn, { ...topic, attributes: { ...topic.attributes, [name]: value } });
  }

  /** Deletes a topic and its subscriptions; none of this ARN is no error. */
  async deleteTopic(arn: string): Promise<void> {
    for (const subscription of this.subscriptionsOf(arn)) await this.subscriptions.delete(subscription.arn);
    await this.topics.delete(arn);
  }

  /** The subscription of this endpoint to this topic, if there is one. */
  findSubscription(topicArn: string, protocol: string, endpoint: string): Subscription | undefined {
    return this.subscriptionsOf(topicArn).find(
      (subscription) => subscription.protocol === protocol && subscription.endpoint === endpoint,
    );
  }

  /** Subscribes an endpoint, which must have no subscription to this topic yet. @throws AwsError InvalidParameter, NotFound */
  async subscribe(
    topicArn: string,
    protocol: string,
    endpoint: string,
    attributes: Record<string, string>,
  ): Promise<Subscription> {
    this.topic(topicArn);
    if (protocol !== "sqs" && protocol !== "lambda" && protocol !== "email") {
      throw invalidParameter(
        `Protocol Reason: edp's local engine delivers to sqs, lambda and email, not to ${protocol}`,
      );
    }
    if (protocol === "email") {
      if (!/^[^@\s]+@[^@\s]+$/.test(endpoint)) throw invalidParameter("Email address");
    } else if (endpoint.split(":")[2] !== protocol) {
      throw invalidParameter(protocol === "sqs" ? "SQS endpoint ARN" : "Lambda endpoint ARN");
    }
    if (endpoint.endsWith(".fifo") && !topicArn.endsWith(".fifo")) {
      throw invalidParameter("Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics");
    }
    this.#check(attributes);
    const arn = `${topicArn}:${randomUUID()}`;
    const subscription: Subscription = { arn, topicArn, protocol, endpoint, attributes };
    await this.subscriptions.set(arn, subscription);
    return subscription;
  }

  /** Sets attributes of a subscription; an empty value takes one away. */
  async setSubscriptionAttributes(arn: string, change: Record<string, string>): Promise<void> {
    const subscription = this.subscription(arn);
    const merged = { ...subscription.attributes, ...change };
    const attributes = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ""));
    this.#check(attributes);
    await this.subscriptions.set(arn, { ...subscription, attributes });
  }

  async unsubscribe(arn: string): Promise<void> {
    const topicArn = this.subscriptions.get(arn)?.topicArn;
    const topic = topicArn === undefined ? undefined : this.topics.get(topicArn);
    await this.subscriptions.delete(arn);
    if (topic) await this.topics.set(topic.arn, { ...topic, deleted: topic.deleted + 1 });
  }

  /** The filter of a subscription; undefined takes everything. */
  filter({ attributes }: Pick<Subscription, "attributes">): Filter | undefined {
    const { FilterPolicy: policy } = attributes;
    if (!policy) return undefined;
    const scope = (attributes.FilterPolicyScope ?? "MessageAttributes") as FilterPolicyScope;
    const key = `${scope} ${policy}`;
    const filter = this.#filters.get(key) ?? compileFilter(policy, scope);
    this.#filters.set(key, filter);
    return filter;
  }

  async close(): Promise<void> {
    await this.topics.close();
    await this.subscriptions.close();
  }

  #check(attributes: Record<string, string>): void {
    for (const [name, value] of Object.entries(attributes)) {
      if (!SUBSCRIPTION_ATTRIBUTES.has(name)) throw invalidParameter("AttributeName");
      if (name === "RawMessageDelivery" && !/^(true|false)$/i.test(value)) {
        throw invalidParameter(`RawMessageDelivery: Invalid value [${value}]. Must be true or false.`);
      }
      if (name === "FilterPolicyScope" && value !== "MessageAttributes" && value !== "MessageBody") {
        throw invalidParameter(
          `FilterPolicyScope: Invalid value [${value}]. Please use either MessageBody or MessageAttributes`,
        );
      }
    }
    redriveTarget(attributes.RedrivePolicy);
    this.filter({ attributes });
  }
}

/** The DLQ of a subscription's RedrivePolicy. @throws AwsError InvalidParameter */
export function redriveTarget(policy: string | undefined): string | undefined {
  if (!policy) return undefined;
  let target: unknown;
  try {
    target = (JSON.parse(policy) as Record<string, unknown> | null)?.deadLetterTargetArn;
  } catch (error) {
    throw invalidParameter(`RedrivePolicy: failed to parse JSON. ${(error as Error).message}`);
  }
  if (typeof target === "string" && target.split(":")[2] === "sqs") return target;
  throw invalidParameter("RedrivePolicy: deadLetterTargetArn is an invalid arn");
}

function checkTopicAttribute(name: string): void {
  if (!TOPIC_ATTRIBUTES.has(name) && !DELIVERY_FEEDBACK.test(name)) throw invalidParameter("AttributeName");
}
