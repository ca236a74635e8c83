import {
  CreateTopicCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  type PublishCommandInput,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
} from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { describe } from "vitest";
import { motoAvailable } from "../../support/moto.ts";
import { bothSides, outcome, type Side } from "./both.ts";

/** A topic of this name with one queue subscribed, and what a scenario needs of them. */
async function subscribed(side: Side, name: string, Attributes: Record<string, string> = {}) {
  const { QueueUrl } = await side.sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { TopicArn } = await side.sns.send(new CreateTopicCommand({ Name: name }));
  const Endpoint = `arn:aws:sqs:us-east-1:${side.account}:${name}`;
  const { SubscriptionArn } = await side.sns.send(
    new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint, Attributes, ReturnSubscriptionArn: true }),
  );
  return {
    TopicArn,
    SubscriptionArn,
    publish: (Message: string, options: Partial<PublishCommandInput> = {}) =>
      side.sns.send(new PublishCommand({ TopicArn, Message, ...options })),
    received: async () => {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
      });
      return (await side.sqs.send(command)).Messages ?? [];
    },
  };
}

const RAW = { RawMessageDelivery: "true" };
const text = (StringValue: string) => ({ DataType: "String", StringValue });
const number = (StringValue: string) => ({ DataType: "Number", StringValue });

describe.skipIf(!motoAvailable())("SNS answers as moto does", () => {
  const { same } = bothSides();

  same("to a message published to a queue in the envelope", async (side) => {
    const topic = await subscribed(side, "wrapped");
    const published = await topic.publish("a \u{1F3B5} & <b>", {
      Subject: "hello",
      MessageAttributes: { kind: text("track"), size: number("15") },
    });
    const [message] = await topic.received();
    const { SignatureVersion, ...body } = JSON.parse(message?.Body ?? "{}");
    return [published, body, message?.MessageAttributes];
  });

  same("to a message published raw, with its attributes", async (side) => {
    const topic = await subscribed(side, "raw", RAW);
    await topic.publish("plain", { MessageAttributes: { kind: text("track"), size: number("15") } });
    return topic.received();
  });

  same("to filter policies over attributes", async (side) => {
    const policies: Record<string, object> = {
      exact: { kind: ["track", "album"] },
      prefix: { kind: [{ prefix: "tr" }] },
      suffix: { kind: [{ suffix: "ck" }] },
      "anything-but": { kind: [{ "anything-but": ["track"] }] },
      "anything-but-prefix": { kind: [{ "anything-but": { prefix: "al" } }] },
      numeric: { size: [{ numeric: [">", 10, "<=", 20] }] },
      exists: { kind: [{ exists: true }] },
      "exists-not": { kind: [{ exists: false }] },
      and: { kind: ["track"], size: [{ numeric: ["=", 15] }] },
      or: { $or: [{ kind: ["artist"] }, { size: [15] }] },
    };
    const messages: Record<string, PublishCommandInput["MessageAttributes"]> = {
      "track 15": { kind: text("track"), size: number("15") },
      "track 5": { kind: text("track"), size: number("5") },
      album: { kind: text("album") },
      nothing: {},
    };
    const passed: Record<string, unknown> = {};
    for (const [name, policy] of Object.entries(policies)) {
      const topic = await subscribed(side, `filter-${name}`, {
        ...RAW,
        FilterPolicy: JSON.stringify(policy),
      });
      for (const [body, MessageAttributes] of Object.entries(messages)) {
        await topic.publish(body, { MessageAttributes });
      }
      passed[name] = (await topic.received()).map(({ Body }) => Body).sort();
    }
    return passed;
  });

  same("to a filter policy that does not look at case", async (side) => {
    const FilterPolicy = JSON.stringify({ kind: [{ "equals-ignore-case": "TRACK" }] });
    const topic = await subscribed(side, "ignore-case", { ...RAW, FilterPolicy });
    await topic.publish("taken", { MessageAttributes: { kind: text("track") } });
    const received = await topic.received();
    // https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html; moto lets nothing through.
    return side.documented(["taken"], async () => received.map(({ Body }) => Body ?? ""));
  });

  same("to a raw message with a binary attribute", async (side) => {
    // "Message attributes: Binary" (sns-message-attributes.html); moto answers its receiver with a crash.
    const bytes = Uint8Array.of(0, 255, 10);
    return side.documented([bytes], async () => {
      const topic = await subscribed(side, "raw-binary", RAW);
      const attribute = { DataType: "Binary", BinaryValue: bytes };
      await topic.publish("x", { MessageAttributes: { bytes: attribute } });
      const received = await topic.received();
      return received.flatMap(({ MessageAttributes }) => MessageAttributes?.bytes?.BinaryValue ?? []);
    });
  });

  same("to filter policies over the body", async (side) => {
    const policies = [
      { detail: { object: { key: [{ prefix: "raw/" }] } } },
      { detail: { object: { size: [{ numeric: [">=", 10] }] } } },
      { detail: { reason: [{ "anything-but": "CopyObject" }] } },
    ];
    const events = [
      { detail: { object: { key: "raw/1", size: 10 }, reason: "PutObject" } },
      { detail: { object: { key: "x/1", size: 9 }, reason: "CopyObject" } },
    ];
    const passed: unknown[] = [];
    for (const [index, policy] of policies.entries()) {
      const topic = await subscribed(side, `body-${index}`, {
        ...RAW,
        FilterPolicyScope: "MessageBody",
        FilterPolicy: JSON.stringify(policy),
      });
      for (const event of events) await topic.publish(JSON.stringify(event));
      passed.push((await topic.received()).map(({ Body }) => Body));
    }
    return passed;
  });

  same("to a batch", async (side) => {
    const topic = await subscribed(side, "batch", RAW);
    const answer = await side.sns.send(
      new PublishBatchCommand({
        TopicArn: topic.TopicArn,
        PublishBatchRequestEntries: [
          { Id: "a", Message: "1", MessageAttributes: { kind: text("x") } },
          { Id: "b", Message: "2" },
        ],
      }),
    );
    return [answer.Successful, (await topic.received()).map(({ Body }) => Body).sort()];
  });

  same("to subscriptions that are listed and changed", async (side) => {
    const topic = await subscribed(side, "listed");
    await side.sns.send(
      new SetSubscriptionAttributesCommand({
        SubscriptionArn: topic.SubscriptionArn,
        AttributeName: "RawMessageDelivery",
        AttributeValue: "true",
      }),
    );
    await topic.publish("raw now");
    const { TopicArn } = topic;
    const { Attributes } = await side.sns.send(new GetTopicAttributesCommand({ TopicArn }));
    const { Subscriptions } = await side.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    return [
      (await topic.received()).map(({ Body }) => Body),
      // "The number of confirmed subscriptions for the topic" (API_GetTopicAttributes); moto counts none.
      await side.documented("1", async () => Attributes?.SubscriptionsConfirmed ?? ""),
      Attributes?.TopicArn,
      Subscriptions,
    ];
  });

  same("to wrong calls, by the same error names", async (side) => {
    const topic = await subscribed(side, "errors");
    const none = `arn:aws:sns:us-east-1:${side.account}:none`;
    const policy = (FilterPolicy: object) =>
      outcome(
        side.sns.send(
          new SetSubscriptionAttributesCommand({
            SubscriptionArn: topic.SubscriptionArn,
            AttributeName: "FilterPolicy",
            AttributeValue: JSON.stringify(FilterPolicy),
          }),
        ),
      );
    const entry = { Id: "same", Message: "x" };
    return {
      noTopic: await outcome(topic.publish("x", { TopicArn: none })),
      tooLong: await outcome(topic.publish("x".repeat(262_145))),
      badName: await outcome(side.sns.send(new CreateTopicCommand({ Name: "no spaces" }))),
      unknownOperator: await policy({ a: [{ infix: "x" }] }),
      bareValue: await policy({ a: "x" }),
      sameIds: await outcome(
        side.sns.send(
          new PublishBatchCommand({ TopicArn: topic.TopicArn, PublishBatchRequestEntries: [entry, entry] }),
        ),
      ),
    };
  });
});
