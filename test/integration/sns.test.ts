import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListTagsForResourceCommand,
  ListTopicsCommand,
  PublishBatchCommand,
  PublishCommand,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
  TagResourceCommand,
  UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Messaging, startMessaging } from "../support/messaging.ts";

let engine: Messaging;
let queue: { url: string; arn: string };
let topicArn: string;

beforeEach(async () => {
  engine = await startMessaging();
  queue = await engine.queue("landed");
  const { TopicArn } = await engine.clients.sns.send(new CreateTopicCommand({ Name: "objects" }));
  topicArn = TopicArn ?? "";
});

afterEach(() => engine.close());

async function subscribe(Attributes: Record<string, string> = {}, Endpoint = queue.arn): Promise<string> {
  const { SubscriptionArn } = await engine.clients.sns.send(
    new SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint, Attributes }),
  );
  return SubscriptionArn ?? "";
}

const publish = (Message: string, options: Partial<ConstructorParameters<typeof PublishCommand>[0]> = {}) =>
  engine.clients.sns.send(new PublishCommand({ TopicArn: topicArn, Message, ...options }));

const text = (StringValue: string) => ({ DataType: "String", StringValue });

describe("a topic", () => {
  it("sends a queue the SNS envelope", async () => {
    await subscribe();
    const { MessageId } = await publish("a \u{1F3B5} & <b>", {
      Subject: "hello",
      MessageAttributes: { kind: text("track"), n: { DataType: "Number", StringValue: "1.50" } },
    });
    const [message] = await engine.receive(queue.url);
    expect(JSON.parse(message?.Body ?? "")).toMatchObject({
      Type: "Notification",
      MessageId,
      TopicArn: topicArn,
      Subject: "hello",
      Message: "a \u{1F3B5} & <b>",
      Timestamp: "2026-01-01T00:00:00.000Z",
      SignatureVersion: "1",
      MessageAttributes: { kind: { Type: "String", Value: "track" }, n: { Type: "Number", Value: "1.50" } },
    });
    expect(message?.MessageAttributes).toBeUndefined();
  });

  it("sends a raw subscription the message itself, its attributes as the queue's", async () => {
    await subscribe({ RawMessageDelivery: "true" });
    const bytes = Uint8Array.of(0, 255, 10);
    await publish("plain", {
      MessageAttributes: { kind: text("track"), bytes: { DataType: "Binary", BinaryValue: bytes } },
    });
    const [message] = await engine.receive(queue.url);
    expect(message?.Body).toBe("plain");
    expect(message?.MessageAttributes).toEqual({
      kind: text("track"),
      bytes: { DataType: "Binary", BinaryValue: bytes },
    });
  });

  it("picks the text for each protocol where the message is structured", async () => {
    await subscribe({ RawMessageDelivery: "true" });
    await publish(JSON.stringify({ default: "all", sqs: "queues" }), { MessageStructure: "json" });
    expect((await engine.receive(queue.url))[0]?.Body).toBe("queues");
  });

  it("invokes a function with the records of its event", async () => {
    const arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    await engine.sns.subscribe(topicArn, "lambda", arn, {});
    await publish("hello");
    const [{ arn: invoked, payload } = { arn: "", payload: "{}" }] = engine.invocations;
    expect(invoked).toBe(arn);
    expect(JSON.parse(payload).Records[0]).toMatchObject({
      EventSource: "aws:sns",
      Sns: { Message: "hello", TopicArn: topicArn, Subject: null },
    });
  });

  it("refuses a message above 256 KiB with its attributes", async () => {
    await subscribe();
    const attribute = { a: text("x") };
    await publish("x".repeat(262_144 - 8), { MessageAttributes: attribute });
    await expect(publish("x".repeat(262_144 - 7), { MessageAttributes: attribute })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "Invalid parameter: Message too long",
    });
  });

  it("reports the entries of a batch that fail, and publishes the others", async () => {
    await subscribe({ RawMessageDelivery: "true" });
    const { Successful, Failed } = await engine.clients.sns.send(
      new PublishBatchCommand({
        TopicArn: topicArn,
        PublishBatchRequestEntries: [
          { Id: "good", Message: "good" },
          { Id: "bad", Message: "bad", MessageAttributes: { a: { DataType: "Text", StringValue: "x" } } },
        ],
      }),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(["good"]);
    expect(Failed?.map(({ Id, SenderFault }) => [Id, SenderFault])).toEqual([["bad", true]]);
    expect((await engine.receive(queue.url)).map(({ Body }) => Body)).toEqual(["good"]);
  });

  it("is unknown after it was deleted, and its subscriptions with it", async () => {
    const subscriptionArn = await subscribe();
    await engine.clients.sns.send(new DeleteTopicCommand({ TopicArn: topicArn }));
    await expect(publish("x")).rejects.toMatchObject({ name: "NotFoundException" });
    await expect(
      engine.clients.sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: subscriptionArn })),
    ).rejects.toMatchObject({ name: "NotFoundException" });
    expect((await engine.clients.sns.send(new ListTopicsCommand({}))).Topics).toEqual([]);
  });

  it("keeps its tags and counts its subscriptions", async () => {
    await engine.clients.sns.send(
      new TagResourceCommand({ ResourceArn: topicArn, Tags: [{ Key: "team", Value: "data" }] }),
    );
    const { Tags } = await engine.clients.sns.send(new ListTagsForResourceCommand({ ResourceArn: topicArn }));
    expect(Tags).toEqual([{ Key: "team", Value: "data" }]);
    const subscriptionArn = await subscribe();
    await engine.clients.sns.send(new UnsubscribeCommand({ SubscriptionArn: subscriptionArn }));
    await subscribe();
    const { Attributes } = await engine.clients.sns.send(
      new GetTopicAttributesCommand({ TopicArn: topicArn }),
    );
    expect(Attributes).toMatchObject({ SubscriptionsConfirmed: "1", SubscriptionsDeleted: "1" });
  });
});

describe("a FIFO topic", () => {
  it("hands group and deduplication id on to FIFO queues", async () => {
    const fifo = await engine.queue("rows.fifo", { FifoQueue: "true" });
    const { TopicArn = "" } = await engine.clients.sns.send(
      new CreateTopicCommand({
        Name: "rows.fifo",
        Attributes: { FifoTopic: "true", ContentBasedDeduplication: "true" },
      }),
    );
    await engine.sns.subscribe(TopicArn, "sqs", fifo.arn, { RawMessageDelivery: "true" });
    for (const Message of ["1", "2", "1"]) {
      await engine.clients.sns.send(new PublishCommand({ TopicArn, Message, MessageGroupId: "g" }));
    }
    const messages = await engine.receive(fifo.url);
    expect(messages.map(({ Body, Attributes }) => [Body, Attributes?.MessageGroupId])).toEqual([
      ["1", "g"],
      ["2", "g"],
    ]);
  });
});

describe("a filter policy", () => {
  const kinds = async () => (await engine.receive(queue.url)).map(({ Body }) => Body);

  it("over attributes lets through what matches", async () => {
    await subscribe({
      RawMessageDelivery: "true",
      FilterPolicy: JSON.stringify({ kind: [{ prefix: "tr" }], size: [{ numeric: [">", 10] }] }),
    });
    const size = (n: string) => ({ DataType: "Number", StringValue: n });
    await publish("wanted", { MessageAttributes: { kind: text("track"), size: size("11") } });
    await publish("too small", { MessageAttributes: { kind: text("track"), size: size("10") } });
    await publish("other kind", { MessageAttributes: { kind: text("album"), size: size("11") } });
    await publish("no attributes");
    expect(await kinds()).toEqual(["wanted"]);
  });

  it("takes each value of a String.Array", async () => {
    await subscribe({ RawMessageDelivery: "true", FilterPolicy: JSON.stringify({ kinds: ["track"] }) });
    const array = (values: string[]) => ({ DataType: "String.Array", StringValue: JSON.stringify(values) });
    await publish("wanted", { MessageAttributes: { kinds: array(["album", "track"]) } });
    await publish("other", { MessageAttributes: { kinds: array(["album"]) } });
    expect(await kinds()).toEqual(["wanted"]);
  });

  it("over the body looks into its JSON", async () => {
    await subscribe({
      RawMessageDelivery: "true",
      FilterPolicyScope: "MessageBody",
      FilterPolicy: JSON.stringify({ detail: { object: { key: [{ suffix: ".json" }] } } }),
    });
    const wanted = JSON.stringify({ detail: { object: { key: "a.json" } } });
    await publish(wanted);
    await publish(JSON.stringify({ detail: { object: { key: "a.csv" } } }));
    await publish("not JSON");
    expect(await kinds()).toEqual([wanted]);
  });

  it("can be changed and taken away", async () => {
    const SubscriptionArn = await subscribe({
      RawMessageDelivery: "true",
      FilterPolicy: JSON.stringify({ kind: ["x"] }),
    });
    await engine.clients.sns.send(
      new SetSubscriptionAttributesCommand({
        SubscriptionArn,
        AttributeName: "FilterPolicy",
        AttributeValue: "",
      }),
    );
    await publish("anything");
    expect(await kinds()).toEqual(["anything"]);
  });

  it.each([
    ["no JSON", "{"],
    ["an unknown operator", JSON.stringify({ kind: [{ infix: "x" }] })],
    ["nesting over attributes", JSON.stringify({ kind: { deep: ["x"] } })],
  ])("is refused with %s", async (_what, FilterPolicy) => {
    await expect(subscribe({ FilterPolicy })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: expect.stringContaining("FilterPolicy"),
    });
  });
});

describe("a subscription", () => {
  it("is the same one when it is asked for again, and refused with other attributes", async () => {
    const first = await subscribe({ RawMessageDelivery: "true" });
    expect(await subscribe({ RawMessageDelivery: "true" })).toBe(first);
    await expect(subscribe({ RawMessageDelivery: "false" })).rejects.toMatchObject({
      message: expect.stringContaining("Subscription already exists with different attributes"),
    });
    const { Subscriptions } = await engine.clients.sns.send(
      new ListSubscriptionsByTopicCommand({ TopicArn: topicArn }),
    );
    expect(Subscriptions?.map(({ Endpoint }) => Endpoint)).toEqual([queue.arn]);
  });

  it("takes new attributes when the engine subscribes it again", async () => {
    const { arn } = await engine.sns.subscribe(topicArn, "sqs", queue.arn, { FilterPolicy: '{"a":["b"]}' });
    const again = await engine.sns.subscribe(topicArn, "sqs", queue.arn, { RawMessageDelivery: "true" });
    expect(again.arn).toBe(arn);
    await publish("x");
    expect((await engine.receive(queue.url))[0]?.Body).toBe("x");
  });

  it("sends what its queue will never take to its DLQ, with the reason", async () => {
    const dlq = await engine.queue("undelivered");
    await subscribe({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq.arn }) });
    await engine.sqs.removeQueue(queue.arn);
    await publish("lost?");
    const [dead] = await engine.receive(dlq.url);
    expect(JSON.parse(dead?.Body ?? "{}").Message).toBe("lost?");
    expect(dead?.MessageAttributes?.ErrorCode?.StringValue).toBe("QueueDoesNotExist");
  });

  it("keeps what its queue can't take now and delivers it later, also after a crash", async () => {
    await subscribe({ RawMessageDelivery: "true" });
    engine.unreachable.add(queue.arn);
    await publish("patient");
    await engine.crash();
    await engine.clock.advance(1_000);
    expect(await engine.receive(queue.url)).toEqual([]);
    engine.unreachable.clear();
    await engine.clock.advance(60_000);
    await expect
      .poll(async () => (await engine.receive(queue.url)).map(({ Body }) => Body))
      .toEqual(["patient"]);
    await engine.crash();
    await engine.clock.advance(29_000);
    expect(await engine.receive(queue.url)).toEqual([]);
  });

  it("says in the log what it has to drop without a DLQ", async () => {
    await subscribe();
    await engine.sqs.removeQueue(queue.arn);
    await publish("gone");
    expect(engine.log.join("\n")).toContain("dropped, since it has no DLQ");
  });
});
