import {
  CreateEventBusCommand,
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TagResourceCommand,
  type Target,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BusEvent } from "../../src/local/service.ts";
import { type Messaging, startMessaging } from "../support/messaging.ts";

let engine: Messaging;
let queue: { url: string; arn: string };

beforeEach(async () => {
  engine = await startMessaging();
  queue = await engine.queue("landed");
});

afterEach(() => engine.close());

const objectCreated = (key: string): BusEvent => ({
  version: "0",
  id: `event of ${key}`,
  "detail-type": "Object Created",
  source: "aws.s3",
  account: "000000000000",
  time: "2026-01-01T00:00:00Z",
  region: "us-east-1",
  resources: ["arn:aws:s3:::bronze"],
  detail: { bucket: { name: "bronze" }, object: { key, size: 3 }, reason: "PutObject" },
});

const raw = { source: ["aws.s3"], detail: { object: { key: [{ prefix: "raw/" }] } } };

async function putRule(Name: string, pattern: object, target: Partial<Target> = {}): Promise<void> {
  await engine.clients.events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify(pattern) }));
  await engine.clients.events.send(
    new PutTargetsCommand({ Rule: Name, Targets: [{ Id: "queue", Arn: queue.arn, ...target }] }),
  );
}

const bodies = async (url = queue.url) =>
  (await engine.receive(url)).map(({ Body }) => JSON.parse(Body ?? "null") as unknown);

describe("a rule", () => {
  it("sends matching S3 events to its queue, and no other", async () => {
    await putRule("raw", raw);
    await engine.events.putEvent(objectCreated("raw/a b+ü.json"));
    await engine.events.putEvent(objectCreated("staging/x.parquet"));
    expect(await bodies()).toEqual([objectCreated("raw/a b+ü.json")]);
  });

  it("survives a crash with its targets", async () => {
    await putRule("raw", raw);
    await engine.crash();
    await engine.events.putEvent(objectCreated("raw/1"));
    expect(await bodies()).toHaveLength(1);
  });

  it("sends nothing while it is disabled", async () => {
    await putRule("raw", raw);
    await engine.clients.events.send(new DisableRuleCommand({ Name: "raw" }));
    await engine.events.putEvent(objectCreated("raw/1"));
    await engine.clients.events.send(new EnableRuleCommand({ Name: "raw" }));
    await engine.events.putEvent(objectCreated("raw/2"));
    expect(await bodies()).toEqual([objectCreated("raw/2")]);
  });

  it("passes through a topic to a queue", async () => {
    const topic = await engine.sns.createTopic("objects");
    await engine.sns.subscribe(topic.arn, "sqs", queue.arn, {});
    await putRule("raw", raw, { Arn: topic.arn });
    await engine.events.putEvent(objectCreated("raw/1"));
    const [envelope] = (await bodies()) as { Message: string }[];
    expect(JSON.parse(envelope?.Message ?? "")).toEqual(objectCreated("raw/1"));
  });

  it("keeps every target when several are put at once", async () => {
    await engine.clients.events.send(new PutRuleCommand({ Name: "raw", EventPattern: JSON.stringify(raw) }));
    await Promise.all(
      ["a", "b", "c"].map((Id) =>
        engine.clients.events.send(
          new PutTargetsCommand({ Rule: "raw", Targets: [{ Id, Arn: queue.arn, Input: `"${Id}"` }] }),
        ),
      ),
    );
    await engine.events.putEvent(objectCreated("raw/1"));
    expect((await bodies()).sort()).toEqual(["a", "b", "c"]);
  });

  it("shapes the input of its target", async () => {
    await putRule("raw", raw, {
      InputTransformer: { InputPathsMap: { key: "$.detail.object.key" }, InputTemplate: '{"key": <key>}' },
    });
    await engine.events.putEvent(objectCreated("raw/1"));
    expect(await bodies()).toEqual([{ key: "raw/1" }]);
  });

  it("is described and listed, tagged, and deleted only without targets", async () => {
    await putRule("raw", raw);
    const { events } = engine.clients;
    const described = await events.send(new DescribeRuleCommand({ Name: "raw" }));
    expect(JSON.parse(described.EventPattern ?? "")).toEqual(raw);
    expect(described.State).toBe("ENABLED");
    await events.send(
      new TagResourceCommand({ ResourceARN: described.Arn, Tags: [{ Key: "a", Value: "b" }] }),
    );
    const tags = await events.send(new ListTagsForResourceCommand({ ResourceARN: described.Arn }));
    expect(tags.Tags).toEqual([{ Key: "a", Value: "b" }]);
    const listed = await events.send(new ListRulesCommand({ NamePrefix: "ra" }));
    expect(listed.Rules?.map(({ Name }) => Name)).toEqual(["raw"]);
    const targets = await events.send(new ListTargetsByRuleCommand({ Rule: "raw" }));
    expect(targets.Targets).toEqual([{ Id: "queue", Arn: queue.arn }]);
    const names = await events.send(new ListRuleNamesByTargetCommand({ TargetArn: queue.arn }));
    expect(names.RuleNames).toEqual(["raw"]);
    await expect(events.send(new DeleteRuleCommand({ Name: "raw" }))).rejects.toMatchObject({
      name: "ValidationException",
    });
    await events.send(new RemoveTargetsCommand({ Rule: "raw", Ids: ["queue"] }));
    await events.send(new DeleteRuleCommand({ Name: "raw" }));
    await expect(events.send(new DescribeRuleCommand({ Name: "raw" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  it("is refused with a pattern that is not valid", async () => {
    await expect(putRule("raw", { source: "aws.s3" })).rejects.toMatchObject({
      name: "InvalidEventPatternException",
      message: 'Event pattern is not valid. Reason: "source" must be an object or an array',
    });
  });
});

describe("PutEvents", () => {
  it("reports the entries that fail, and takes the others", async () => {
    await putRule("own", { source: ["edp"] });
    const Detail = JSON.stringify({ n: 1 });
    const answer = await engine.clients.events.send(
      new PutEventsCommand({
        Entries: [
          {
            Source: "edp",
            DetailType: "Run",
            Detail,
            Resources: ["r"],
            Time: new Date("2026-02-03T04:05:06Z"),
          },
          { Source: "edp", DetailType: "Run", Detail: "{" },
          { Source: "edp", Detail },
          { Source: "aws.s3", DetailType: "Run", Detail },
        ],
      }),
    );
    expect(answer.FailedEntryCount).toBe(3);
    expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      "MalformedDetail",
      "InvalidArgument",
      "NotAuthorizedForSourceException",
    ]);
    expect(await bodies()).toEqual([
      {
        version: "0",
        id: answer.Entries?.[0]?.EventId,
        "detail-type": "Run",
        source: "edp",
        account: "000000000000",
        time: "2026-02-03T04:05:06Z",
        region: "us-east-1",
        resources: ["r"],
        detail: { n: 1 },
      },
    ]);
  });

  it("refuses more than 1 MB, and more than ten entries", async () => {
    const entry = (Detail: string) => ({ Source: "edp", DetailType: "Run", Detail });
    const send = (...Entries: object[]) => engine.clients.events.send(new PutEventsCommand({ Entries }));
    const large = JSON.stringify({ text: "x".repeat(1_048_576) });
    await expect(send(entry(large))).rejects.toMatchObject({ name: "ValidationException" });
    await expect(send(...Array.from({ length: 11 }, () => entry("{}")))).rejects.toMatchObject({
      name: "ValidationException",
    });
  });

  it("reaches the rules of the bus it names only", async () => {
    const { events } = engine.clients;
    await events.send(new CreateEventBusCommand({ Name: "own" }));
    await putRule("default-rule", { source: ["edp"] }, { Input: '"default"' });
    const bus = { EventBusName: "own" };
    await events.send(new PutRuleCommand({ Name: "r", EventPattern: '{"source":["edp"]}', ...bus }));
    const target = { Id: "t", Arn: queue.arn, Input: '"own"' };
    await events.send(new PutTargetsCommand({ Rule: "r", Targets: [target], ...bus }));
    const entry = { Source: "edp", DetailType: "Run", Detail: "{}", ...bus };
    await events.send(new PutEventsCommand({ Entries: [entry] }));
    expect(await bodies()).toEqual(["own"]);
  });
});

it("TestEventPattern answers without a rule", async () => {
  const test = async (pattern: object) => {
    const command = new TestEventPatternCommand({
      EventPattern: JSON.stringify(pattern),
      Event: JSON.stringify(objectCreated("raw/1")),
    });
    return (await engine.clients.events.send(command)).Result;
  };
  expect(await test(raw)).toBe(true);
  expect(await test({ source: ["aws.ec2"] })).toBe(false);
});

describe("a target that can't be reached", () => {
  const deadLetterConfig = async () => {
    const dlq = await engine.queue("undelivered");
    return { dlq, DeadLetterConfig: { Arn: dlq.arn } };
  };
  const attributes = async (url: string) => {
    const [dead] = await engine.receive(url);
    const texts = Object.entries(dead?.MessageAttributes ?? {}).map(([k, { StringValue }]) => [
      k,
      StringValue,
    ]);
    return { body: JSON.parse(dead?.Body ?? "null") as unknown, ...Object.fromEntries(texts) };
  };
  const ruleArn = "arn:aws:events:us-east-1:000000000000:rule/raw";

  it("gets the event once it can, also over a crash", async () => {
    await putRule("raw", raw);
    engine.unreachable.add(queue.arn);
    await engine.events.putEvent(objectCreated("raw/1"));
    await engine.crash();
    engine.unreachable.clear();
    await engine.clock.advance(1_000);
    await expect.poll(() => bodies()).toEqual([objectCreated("raw/1")]);
  });

  it("sends the event to its DLQ when the retries are used up", async () => {
    const { dlq, DeadLetterConfig } = await deadLetterConfig();
    await putRule("raw", raw, { DeadLetterConfig, RetryPolicy: { MaximumRetryAttempts: 2 } });
    engine.unreachable.add(queue.arn);
    await engine.events.putEvent(objectCreated("raw/1"));
    await expect
      .poll(async () => {
        await engine.clock.advance(1_000);
        return engine.sqs.depth(dlq.arn).visible;
      })
      .toBe(1);
    expect(await attributes(dlq.url)).toEqual({
      body: objectCreated("raw/1"),
      RULE_ARN: ruleArn,
      TARGET_ARN: queue.arn,
      ERROR_CODE: "SDK_CLIENT_ERROR",
      ERROR_MESSAGE: "out of reach",
      EXHAUSTED_RETRY_CONDITION: "MaximumRetryAttempts",
      RETRY_ATTEMPTS: "2",
    });
  });

  it("sends the event to its DLQ when it grows too old", async () => {
    const { dlq, DeadLetterConfig } = await deadLetterConfig();
    await putRule("raw", raw, { DeadLetterConfig, RetryPolicy: { MaximumEventAgeInSeconds: 60 } });
    engine.unreachable.add(queue.arn);
    await engine.events.putEvent(objectCreated("raw/1"));
    await expect
      .poll(async () => {
        await engine.clock.advance(5_000);
        return engine.sqs.depth(dlq.arn).visible;
      })
      .toBe(1);
    expect(await attributes(dlq.url)).toMatchObject({
      EXHAUSTED_RETRY_CONDITION: "MaximumEventAgeInSeconds",
    });
  });

  it("is given up at once when it doesn't exist", async () => {
    const { dlq, DeadLetterConfig } = await deadLetterConfig();
    await putRule("raw", raw, { DeadLetterConfig });
    await engine.sqs.removeQueue(queue.arn);
    await engine.events.putEvent(objectCreated("raw/1"));
    const dead = await attributes(dlq.url);
    expect(dead).toMatchObject({ ERROR_CODE: "NO_RESOURCE", RETRY_ATTEMPTS: "0" });
    expect(dead).not.toHaveProperty("EXHAUSTED_RETRY_CONDITION");
  });

  it("keeps the event while the DLQ can't take it either", async () => {
    const { dlq, DeadLetterConfig } = await deadLetterConfig();
    await putRule("raw", raw, { DeadLetterConfig, RetryPolicy: { MaximumRetryAttempts: 0 } });
    engine.unreachable.add(queue.arn).add(dlq.arn);
    await engine.events.putEvent(objectCreated("raw/1"));
    engine.unreachable.delete(dlq.arn);
    await engine.clock.advance(1_000);
    await expect.poll(() => engine.sqs.depth(dlq.arn).visible).toBe(1);
  });
});
