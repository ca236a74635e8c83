import { PutRuleCommand, PutTargetsCommand, RemoveTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateTopicCommand, PublishCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BusEvent } from "../../src/local/service.ts";
import { moveNatively } from "../../src/replay/native.ts";
import { replay } from "../../src/replay/replay.ts";
import { inspect } from "../../src/replay/source.ts";
import { testContext } from "../support/context.ts";
import { readAll } from "../support/dead-letters.ts";
import { type Messaging, startMessaging } from "../support/messaging.ts";
import { replayOptions } from "../support/replay.ts";
import { temporaryDirectory } from "../support/services.ts";

let engine: Messaging;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let undelivered: { url: string; arn: string };

beforeEach(async () => {
  [engine, directory] = await Promise.all([startMessaging(), temporaryDirectory()]);
  undelivered = await engine.queue("undelivered");
});

afterEach(async () => {
  await engine.close();
  await directory.remove();
});

function run(overrides: Parameters<typeof replayOptions>[0] = {}) {
  const context = testContext(directory.path, { yes: true, now: () => engine.clock.now() });
  return replay(replayOptions({ queue: undelivered.url, ...overrides }), context, async (ms) =>
    engine.clock.advance(ms),
  );
}

/** A topic with two queues, of which one can't be reached when `publish` is called. */
async function topicWithTwo(raw: boolean) {
  const { sns } = engine.clients;
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "landed" }));
  const [near, far] = [await engine.queue("near"), await engine.queue("far")];
  for (const { arn } of [near, far]) {
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: "sqs",
        Endpoint: arn,
        Attributes: {
          RawMessageDelivery: String(raw),
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: arn === far.arn ? undelivered.arn : near.arn,
          }),
        },
      }),
    );
  }
  return { near, far, TopicArn };
}

async function publishUndelivered(raw: boolean) {
  const topic = await topicWithTwo(raw);
  await engine.sqs.removeQueue(topic.far.arn);
  await engine.clients.sns.send(
    new PublishCommand({
      TopicArn: topic.TopicArn,
      Message: '{"id":7}',
      MessageAttributes: {
        kind: { DataType: "String", StringValue: "album" },
        bytes: { DataType: "Binary", BinaryValue: Uint8Array.from([0, 255, 13]) },
      },
    }),
  );
  await engine.queue("far");
  return topic;
}

describe("what SNS could not deliver", () => {
  it("goes to that subscriber in its envelope, not to the topic", async () => {
    const { near, far } = await publishUndelivered(false);
    expect(await run()).toMatchObject({ replayed: 1, failed: 0, left: 0 });
    const [arrived] = await readAll(engine.clients.sqs, far.url);
    expect(JSON.parse(arrived?.Body ?? "")).toMatchObject({ Type: "Notification", Message: '{"id":7}' });
    expect(Object.keys(arrived?.MessageAttributes ?? {})).toEqual(["edp-replay-count"]);
    expect(await readAll(engine.clients.sqs, near.url)).toHaveLength(1);
  });

  it("goes raw to a subscriber that wants it raw, with its attributes and without those of the failure", async () => {
    const { near, far } = await publishUndelivered(true);
    expect(await run()).toMatchObject({ replayed: 1, failed: 0, left: 0 });
    const [arrived] = await readAll(engine.clients.sqs, far.url);
    expect(arrived?.Body).toBe('{"id":7}');
    expect(arrived?.MessageAttributes).toMatchObject({
      kind: { DataType: "String", StringValue: "album" },
      bytes: { DataType: "Binary", BinaryValue: Uint8Array.from([0, 255, 13]) },
      "edp-replay-count": { StringValue: "1" },
    });
    expect(Object.keys(arrived?.MessageAttributes ?? {})).toHaveLength(3);
    expect(await readAll(engine.clients.sqs, near.url)).toHaveLength(1);
  });
});

describe("what EventBridge could not deliver", () => {
  const event: BusEvent = {
    version: "0",
    id: "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    source: "aws.s3",
    account: "000000000000",
    time: "2026-01-01T00:00:00Z",
    region: "us-east-1",
    resources: [],
    detail: { bucket: { name: "b" }, object: { key: "raw/1.json" } },
  };

  async function undeliveredEvent(target: object): Promise<{ url: string; arn: string }> {
    const { events } = engine.clients;
    const queue = await engine.queue("target");
    await events.send(new PutRuleCommand({ Name: "landed", EventPattern: '{"source":["aws.s3"]}' }));
    await events.send(
      new PutTargetsCommand({
        Rule: "landed",
        Targets: [{ Id: "q", Arn: queue.arn, DeadLetterConfig: { Arn: undelivered.arn }, ...target }],
      }),
    );
    await engine.sqs.removeQueue(queue.arn);
    await engine.events.putEvent(event);
    return engine.queue("target");
  }

  it("goes to the target of that rule as it is", async () => {
    const target = await undeliveredEvent({});
    expect(await run()).toMatchObject({ replayed: 1, failed: 0, left: 0 });
    const [arrived] = await readAll(engine.clients.sqs, target.url);
    expect(JSON.parse(arrived?.Body ?? "")).toEqual(event);
    expect(Object.keys(arrived?.MessageAttributes ?? {})).toEqual(["edp-replay-count"]);
  });

  it("goes through the target's input transformer", async () => {
    const target = await undeliveredEvent({
      InputTransformer: { InputPathsMap: { key: "$.detail.object.key" }, InputTemplate: '{"landed": <key>}' },
    });
    expect(await run()).toMatchObject({ replayed: 1 });
    const [arrived] = await readAll(engine.clients.sqs, target.url);
    expect(JSON.parse(arrived?.Body ?? "")).toEqual({ landed: "raw/1.json" });
  });

  it("goes there whole when the rule's target is gone meanwhile", async () => {
    const target = await undeliveredEvent({ InputPath: "$.detail" });
    await engine.clients.events.send(new RemoveTargetsCommand({ Rule: "landed", Ids: ["q"] }));
    expect(await run()).toMatchObject({ replayed: 1 });
    const [arrived] = await readAll(engine.clients.sqs, target.url);
    expect(JSON.parse(arrived?.Body ?? "")).toEqual(event);
  });

  it("stays where it is when the target doesn't exist", async () => {
    const target = await undeliveredEvent({});
    await engine.sqs.removeQueue(target.arn);
    const result = await run();
    expect(result).toMatchObject({ replayed: 0, failed: 1, left: 1 });
    expect(result.failures[0]).toMatchObject({ code: "QUEUE_GONE" });
  });
});

describe("--native", () => {
  it("lets SQS move what came by redrive, with progress", async () => {
    const dlq = await engine.queue("orders-dlq");
    const orders = await engine.queue("orders", {
      VisibilityTimeout: "1",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: 1 }),
    });
    for (const body of ["a", "b"]) {
      await engine.clients.sqs.send(new SendMessageCommand({ QueueUrl: orders.url, MessageBody: body }));
    }
    await engine.receive(orders.url);
    await engine.clock.advance(2_000);
    await engine.receive(orders.url);
    expect(await run({ queue: dlq.url, native: true })).toMatchObject({ found: 2, replayed: 2 });
    expect((await readAll(engine.clients.sqs, orders.url)).map(({ Body }) => Body).sort()).toEqual([
      "a",
      "b",
    ]);
  });

  it("is refused where a message was sent with a cause, and nothing moves", async () => {
    const dlq = await engine.queue("orders-dlq");
    await engine.queue("orders", {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: 1 }),
    });
    const cause = { DataType: "String", StringValue: '{"errorCode":"NOT_JSON"}' };
    await engine.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: dlq.url,
        MessageBody: "x",
        MessageAttributes: { "edp-cause": cause },
      }),
    );
    await expect(run({ queue: dlq.url, native: true })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("NOT_JSON") as string,
    });
    expect(await readAll(engine.clients.sqs, dlq.url)).toHaveLength(1);
  });

  it("moves nothing where one of several queues is refused", async () => {
    const dlq = await engine.queue("orders-dlq");
    const orders = await engine.queue("orders", {
      VisibilityTimeout: "1",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: 1 }),
    });
    for (const { url } of [orders, undelivered]) {
      await engine.clients.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "x" }));
    }
    await engine.receive(orders.url);
    await engine.clock.advance(2_000);
    await engine.receive(orders.url);
    const { sqs } = engine.clients;
    const sources = await Promise.all(
      [dlq, undelivered].map(({ url }) => inspect(sqs, { url, pipeline: "p" })),
    );
    const options = {
      pause: async (ms: number) => engine.clock.advance(ms),
      signal: new AbortController().signal,
      onProgress: () => {},
      waitSeconds: 0,
      parallel: 1,
      now: () => engine.clock.now(),
    };
    await expect(moveNatively(sqs, sources, undefined, options)).rejects.toMatchObject({ exitCode: 2 });
    expect(await readAll(sqs, dlq.url)).toHaveLength(1);
  });

  it("is refused for a queue that is no SQS queue's dead-letter queue", async () => {
    await engine.clients.sqs.send(new SendMessageCommand({ QueueUrl: undelivered.url, MessageBody: "x" }));
    await expect(run({ native: true })).rejects.toMatchObject({ exitCode: 2 });
  });
});
