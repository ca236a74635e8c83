import { randomUUID } from "node:crypto";
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queueDepth } from "../../src/aws/queues.ts";
import type { DeadLetterItem, GroupItem, LetterItem } from "../../src/dead-letters/items.ts";
import type { DeadLetterOptions } from "../../src/dead-letters/options.ts";
import { tailDeadLetters } from "../../src/dead-letters/tail-dlq.ts";
import type { Pause } from "../../src/ingest/pause.ts";
import { type Deployed, startDeployed } from "../support/deployed.ts";
import { causeAttribute, objectCreated, snsNotification } from "../support/letters.ts";

const GROUP = "/aws/lambda/not-of-edp";

let deployed: Deployed;
beforeAll(async () => {
  deployed = await startDeployed();
});
afterAll(() => deployed.close());

async function createQueue(attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl = "" } = await deployed.clients.sqs.send(
    new CreateQueueCommand({ QueueName: `q-${randomUUID()}`, Attributes: attributes }),
  );
  return QueueUrl;
}

const options = (url: string, more: Partial<DeadLetterOptions> = {}): DeadLetterOptions => ({
  pipelines: [],
  queues: [url],
  logGroups: [],
  where: undefined,
  follow: false,
  messages: 20,
  ...more,
});

async function tail(
  given: DeadLetterOptions,
  pause?: Pause,
  signal?: AbortSignal,
): Promise<DeadLetterItem[]> {
  const items: DeadLetterItem[] = [];
  const context = deployed.context(signal ? { signal } : {});
  for await (const item of tailDeadLetters(given, context, pause)) items.push(item);
  return items;
}

const groupsOf = (items: DeadLetterItem[]) =>
  items.filter((item): item is GroupItem => item.type === "group");
const lettersOf = (items: DeadLetterItem[]) =>
  items.filter((item): item is LetterItem => item.type === "letter");

async function fill(url: string, count: number): Promise<void> {
  for (let first = 0; first < count; first += 10) {
    const Entries = Array.from({ length: 10 }, (_, index) => {
      const n = first + index;
      const causes = [
        { errorCode: "NOT_JSON", path: "", message: `character ${n}` },
        { errorCode: "SCHEMA_MISMATCH", path: `tracks[${n}].duration_ms`, message: "expected a number" },
        { errorCode: "OBJECT_NOT_FOUND", path: "", message: `raw/tracks/${n}.json is gone` },
      ];
      return {
        Id: String(index),
        MessageBody: snsNotification(objectCreated(`raw/tracks/${n}.json`)),
        MessageAttributes: causeAttribute(causes[n % 3] ?? {}),
      };
    });
    await deployed.clients.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
  }
}

describe("10,000 dead letters of three causes", () => {
  let url: string;
  let items: DeadLetterItem[];
  beforeAll(async () => {
    url = await createQueue();
    await fill(url, 10_000);
    items = await tail(options(url));
  });

  test("are three groups with the right counts", () => {
    expect(items[0]).toMatchObject({ type: "queue", letters: 10_000, reported: 10_000, selected: null });
    expect(groupsOf(items).map(({ count, errorCode, path }) => [count, errorCode, path])).toEqual([
      [3_334, "NOT_JSON", ""],
      [3_333, "OBJECT_NOT_FOUND", ""],
      [3_333, "SCHEMA_MISMATCH", "tracks[*].duration_ms"],
    ]);
  });

  test("are listed up to --messages, and what is left out is said", () => {
    expect(lettersOf(items)).toHaveLength(20);
    expect(items.at(-1)).toMatchObject({ type: "note", message: expect.stringContaining("9,980 more") });
  });

  test("are still there, all of them", async () => {
    expect(await queueDepth(deployed.clients.sqs, url)).toEqual({ visible: 10_000, inFlight: 0, delayed: 0 });
  });

  test("are narrowed by the --where of a group to exactly that group", async () => {
    const [, , third] = groupsOf(items);
    const narrowed = await tail(options(url, { where: third?.where }));
    expect(narrowed[0]).toMatchObject({ letters: 10_000, selected: 3_333 });
    expect(groupsOf(narrowed)).toMatchObject([{ count: 3_333, errorCode: "SCHEMA_MISMATCH" }]);
  });
});

test("a letter without a cause gets it from the log, by its message id", async () => {
  const { logs, sqs } = deployed.clients;
  const url = await createQueue();
  const { MessageId } = await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "{}" }));
  await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "{}" }));
  await logs.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  await logs.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: "s" }));
  const line = (fields: object) => ({ timestamp: Date.now(), message: JSON.stringify(fields) });
  await logs.send(
    new PutLogEventsCommand({
      logGroupName: GROUP,
      logStreamName: "s",
      logEvents: [
        line({ level: "INFO", message: "begun", messageId: MessageId }),
        line({
          level: "ERROR",
          message: "no",
          messageId: MessageId,
          errorCode: "BOOM",
          path: "a.b",
          requestId: "r",
        }),
        line({ level: "INFO", message: "ended", messageId: MessageId }),
      ],
    }),
  );
  const groups = groupsOf(await tail(options(url, { logGroups: [GROUP, "/no/such/group"] })));
  expect(groups.map(({ count, errorCode }) => [count, errorCode])).toEqual([
    [1, "BOOM"],
    [1, null],
  ]);
  const { example } = groups[0] ?? {};
  expect(example).toMatchObject({
    messageId: MessageId,
    causeFrom: "log",
    requestId: "r",
    function: "not-of-edp",
  });
});

test("following shows what arrives once, and what leaves", async () => {
  const { sqs } = deployed.clients;
  const url = await createQueue();
  await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "first" }));
  const end = new AbortController();
  const steps = [
    () => sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "second" })),
    async () => {
      const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle }));
    },
    async () => end.abort(),
  ];
  const items: DeadLetterItem[] = [];
  const context = deployed.context({ signal: end.signal });
  const following = (async () => {
    const pause: Pause = async () => {
      await steps.shift()?.();
      end.signal.throwIfAborted();
    };
    for await (const item of tailDeadLetters(options(url, { follow: true }), context, pause))
      items.push(item);
  })();
  await expect(following).rejects.toMatchObject({ exitCode: 130 });
  expect(lettersOf(items).map(({ arrived }) => arrived)).toEqual([false, true]);
  expect(items.at(-1)).toMatchObject({ type: "count", letters: 1, left: 1 });
});

describe("bad input", () => {
  test("a queue that doesn't exist is exit 7 with its URL", async () => {
    await expect(tail(options(`${deployed.dlqUrl}-gone`))).rejects.toMatchObject({
      code: "QUEUE_NOT_FOUND",
      exitCode: 7,
    });
  });

  test("a place where nothing answers is exit 7", async () => {
    await expect(tail(options("http://127.0.0.1:1/000000000000/q"))).rejects.toMatchObject({ exitCode: 7 });
  });

  test("what is no queue URL is a usage error", async () => {
    await expect(tail(options("landed-dlq"))).rejects.toMatchObject({ exitCode: 2 });
  });

  test("a queue with a redrive policy is not looked into: a look would move its messages", async () => {
    await expect(tail(options(deployed.queueUrl))).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("landed-dlq"),
    });
    const { Attributes } = await deployed.clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: deployed.queueUrl, AttributeNames: ["All"] }),
    );
    expect(Attributes?.ApproximateNumberOfMessagesNotVisible).toBe("0");
  });
});
