import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/local/clock.ts";
import { createSqs, type SqsService } from "../../src/local/sqs/service.ts";
import { engineParts, serve, temporaryDirectory } from "../support/services.ts";

let clock: ManualClock;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let sqs: SqsService;
let server: Awaited<ReturnType<typeof serve>>;
let client: SQSClient;
let crashed: SqsService[];
let pulse: { beats: boolean };

async function start(): Promise<void> {
  const life = { beats: true };
  pulse = life;
  const parts = { dataDirectory: directory.path, endpoint: () => server.endpoint };
  const after: typeof clock.after = (ms, callback) => clock.after(ms, () => life.beats && callback());
  sqs = await createSqs(engineParts({ ...parts, clock: { now: () => clock.now(), after } }));
  server = await serve({ sqs });
  client = new SQSClient(server.settings);
}

/** Ends the engine as `kill -9` does: it does nothing more, and the files are as they are. */
async function crash(): Promise<void> {
  await server.close();
  pulse.beats = false;
  crashed.push(sqs);
  await start();
}

beforeEach(async () => {
  clock = new ManualClock();
  crashed = [];
  directory = await temporaryDirectory();
  await start();
});

afterEach(async () => {
  await server.close();
  for (const service of [sqs, ...crashed]) await service.close();
  await directory.remove();
});

const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

async function createQueue(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl ?? "";
}

async function sendAll(QueueUrl: string, ...bodies: string[]): Promise<void> {
  for (const MessageBody of bodies) await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
}

async function receive(
  QueueUrl: string,
  options: Partial<ConstructorParameters<typeof ReceiveMessageCommand>[0]> = {},
): Promise<Message[]> {
  const { Messages } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
      ...options,
    }),
  );
  return Messages ?? [];
}

const bodies = (messages: Message[]) => messages.map(({ Body }) => Body);

async function counts(QueueUrl: string) {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
  );
  return [
    Attributes?.ApproximateNumberOfMessages,
    Attributes?.ApproximateNumberOfMessagesNotVisible,
    Attributes?.ApproximateNumberOfMessagesDelayed,
  ].map(Number);
}

describe("a queue", () => {
  it("hides a received message until its visibility timeout ends", async () => {
    const url = await createQueue("landed", { VisibilityTimeout: "30" });
    await sendAll(url, "one");
    expect(bodies(await receive(url))).toEqual(["one"]);
    expect(await receive(url)).toEqual([]);
    expect(await counts(url)).toEqual([0, 1, 0]);
    await clock.advance(29_999);
    expect(await receive(url)).toEqual([]);
    await clock.advance(1);
    const [again] = await receive(url);
    expect(again?.Attributes?.ApproximateReceiveCount).toBe("2");
  });

  it("makes a message visible at once when its visibility timeout is set to 0", async () => {
    const url = await createQueue("landed");
    await sendAll(url, "one");
    const [message] = await receive(url);
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: message?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    expect(bodies(await receive(url))).toEqual(["one"]);
  });

  it("keeps a message that was received anew when an old receipt handle deletes", async () => {
    const url = await createQueue("landed", { VisibilityTimeout: "1" });
    await sendAll(url, "one");
    const [first] = await receive(url);
    await clock.advance(1_000);
    await receive(url);
    await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: first?.ReceiptHandle }));
    await clock.advance(1_000);
    expect(bodies(await receive(url))).toEqual(["one"]);
  });

  it("delays messages by the queue's delay and by their own", async () => {
    const url = await createQueue("landed", { DelaySeconds: "5" });
    await sendAll(url, "queue");
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "own", DelaySeconds: 2 }));
    expect(await counts(url)).toEqual([0, 0, 2]);
    await clock.advance(2_000);
    expect(bodies(await receive(url))).toEqual(["own"]);
    await clock.advance(3_000);
    expect(bodies(await receive(url))).toEqual(["queue"]);
  });

  it("answers a long poll as soon as a message arrives", async () => {
    const url = await createQueue("landed");
    const polled = receive(url, { WaitTimeSeconds: 20 });
    await sendAll(url, "late");
    expect(bodies(await polled)).toEqual(["late"]);
  });

  it("keeps message attributes and the trace header byte for byte", async () => {
    const url = await createQueue("landed");
    const attributes = {
      text: { DataType: "String", StringValue: "a\r\nb \u{1F3B5}" },
      number: { DataType: "Number.int", StringValue: "1.50" },
      bytes: { DataType: "Binary", BinaryValue: Uint8Array.of(0, 255, 13, 10) },
    };
    await client.send(
      new SendMessageCommand({
        QueueUrl: url,
        MessageBody: "x",
        MessageAttributes: attributes,
        MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-2-3" } },
      }),
    );
    const [message] = await receive(url);
    expect(message?.MessageAttributes).toEqual(attributes);
    expect(message?.Attributes?.AWSTraceHeader).toBe("Root=1-2-3");
  });

  it("moves a message to the DLQ instead of handing it out more often than maxReceiveCount", async () => {
    const dlq = await createQueue("landed-dlq");
    const url = await createQueue("landed", {
      VisibilityTimeout: "1",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf("landed-dlq"), maxReceiveCount: 2 }),
    });
    await sendAll(url, "poison");
    for (const _ of [1, 2]) {
      expect(await receive(url)).toHaveLength(1);
      await clock.advance(1_000);
    }
    expect(await counts(dlq)).toEqual([0, 0, 0]);
    expect(await receive(url)).toEqual([]);
    const [dead] = await receive(dlq);
    expect(dead?.Body).toBe("poison");
    expect(dead?.Attributes?.DeadLetterQueueSourceArn).toBe(arnOf("landed"));
    expect(await counts(url)).toEqual([0, 0, 0]);
    const sources = await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dlq }));
    expect(sources.queueUrls).toEqual([url]);
  });

  it("counts a redriven message's retention from its first enqueuing", async () => {
    const dlq = await createQueue("landed-dlq", { MessageRetentionPeriod: "100" });
    const url = await createQueue("landed", {
      VisibilityTimeout: "0",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf("landed-dlq"), maxReceiveCount: 1 }),
    });
    await sendAll(url, "old");
    await clock.advance(60_000);
    await receive(url);
    await clock.advance(0);
    await receive(url);
    expect(await counts(dlq)).toEqual([1, 0, 0]);
    await clock.advance(41_000);
    expect(await receive(dlq)).toEqual([]);
    expect(await counts(dlq)).toEqual([0, 0, 0]);
  });

  it("reports the entries of a batch that fail, and takes the others", async () => {
    const url = await createQueue("landed");
    const { Successful, Failed } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "good", MessageBody: "good" },
          { Id: "late", MessageBody: "late", DelaySeconds: 901 },
          { Id: "raw", MessageBody: "\u0000" },
        ],
      }),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(["good"]);
    expect(Failed?.map(({ Id, Code }) => [Id, Code])).toEqual([
      ["late", "InvalidParameterValue"],
      ["raw", "InvalidMessageContents"],
    ]);
    expect(bodies(await receive(url))).toEqual(["good"]);
  });

  it("refuses a message above 1 MiB with its attributes, and a batch above 1 MiB", async () => {
    const url = await createQueue("landed");
    const MessageBody = "x".repeat(1_048_576 - 10);
    const attribute = { a: { DataType: "String", StringValue: "12345" } };
    await expect(
      client.send(new SendMessageCommand({ QueueUrl: url, MessageBody, MessageAttributes: attribute })),
    ).rejects.toMatchObject({ message: expect.stringContaining("shorter than 1048576 bytes") });
    await expect(
      client.send(
        new SendMessageBatchCommand({
          QueueUrl: url,
          Entries: [
            { Id: "a", MessageBody },
            { Id: "b", MessageBody: "more than ten bytes" },
          ],
        }),
      ),
    ).rejects.toMatchObject({ name: "BatchRequestTooLong" });
    await sendAll(url, MessageBody);
    expect((await receive(url))[0]?.Body).toBe(MessageBody);
  });

  it("purges, and refuses a second purge within a minute", async () => {
    const url = await createQueue("landed");
    await sendAll(url, "a", "b");
    await receive(url, { MaxNumberOfMessages: 1 });
    await client.send(new PurgeQueueCommand({ QueueUrl: url }));
    expect(await counts(url)).toEqual([0, 0, 0]);
    await expect(client.send(new PurgeQueueCommand({ QueueUrl: url }))).rejects.toMatchObject({
      name: "PurgeQueueInProgress",
    });
  });

  it("pages through queues", async () => {
    for (const name of ["a", "b", "c"]) await createQueue(name);
    const first = await client.send(new ListQueuesCommand({ MaxResults: 2 }));
    const second = await client.send(new ListQueuesCommand({ MaxResults: 2, NextToken: first.NextToken }));
    const names = [...(first.QueueUrls ?? []), ...(second.QueueUrls ?? [])].map((url) =>
      url.split("/").at(-1),
    );
    expect(names).toEqual(["a", "b", "c"]);
    expect(second.NextToken).toBeUndefined();
  });

  it("refuses a queue of the same name with other attributes", async () => {
    await createQueue("landed", { VisibilityTimeout: "30" });
    await createQueue("landed", { VisibilityTimeout: "30" });
    await expect(createQueue("landed", { VisibilityTimeout: "31" })).rejects.toMatchObject({
      name: "QueueNameExists",
    });
  });

  it("is told apart from an earlier queue of the same name by its receipt handles", async () => {
    const url = await createQueue("landed");
    await sendAll(url, "one");
    const [message] = await receive(url);
    await sqs.removeQueue(arnOf("landed"));
    await createQueue("landed");
    await sendAll(url, "two");
    await expect(
      client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle })),
    ).rejects.toMatchObject({ name: "ReceiptHandleIsInvalid" });
  });
});

describe("a FIFO queue", () => {
  const send = (
    QueueUrl: string,
    MessageGroupId: string,
    MessageBody: string,
    MessageDeduplicationId?: string,
  ) => client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId, MessageDeduplicationId }));
  const contentBased = { FifoQueue: "true", ContentBasedDeduplication: "true" };

  it("keeps each group in order and locks a group while one of its messages is in flight", async () => {
    const url = await createQueue("rows.fifo", contentBased);
    for (const body of ["a1", "a2", "a3"]) await send(url, "a", body);
    await send(url, "b", "b1");
    const [a1] = await receive(url, { MaxNumberOfMessages: 1 });
    expect(a1?.Body).toBe("a1");
    expect(bodies(await receive(url))).toEqual(["b1"]);
    expect(await receive(url)).toEqual([]);
    await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: a1?.ReceiptHandle }));
    expect(bodies(await receive(url))).toEqual(["a2", "a3"]);
    await clock.advance(30_000);
    expect(bodies(await receive(url))).toEqual(["a2", "a3", "b1"]);
  });

  it("accepts a duplicate within five minutes and delivers it once", async () => {
    const url = await createQueue("rows.fifo", contentBased);
    const first = await send(url, "a", "same");
    const second = await send(url, "a", "same");
    expect(second.MessageId).toBe(first.MessageId);
    expect(second.SequenceNumber).toBe(first.SequenceNumber);
    expect(await counts(url)).toEqual([1, 0, 0]);
    await clock.advance(300_001);
    await send(url, "a", "same");
    expect(await counts(url)).toEqual([2, 0, 0]);
  });

  it("remembers a deduplication id after a crash, even of a deleted message", async () => {
    const url = await createQueue("rows.fifo", { FifoQueue: "true" });
    await send(url, "a", "x", "id-1");
    const [message] = await receive(url);
    await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle }));
    await crash();
    await send(url, "a", "y", "id-1");
    expect(await receive(url)).toEqual([]);
  });

  it("refuses an expired receipt handle", async () => {
    const url = await createQueue("rows.fifo", contentBased);
    await send(url, "a", "x");
    const [message] = await receive(url);
    await clock.advance(30_000);
    await expect(
      client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle })),
    ).rejects.toMatchObject({ message: expect.stringContaining("The receipt handle has expired") });
  });

  it("needs a group, and a deduplication id unless it takes the content's hash", async () => {
    const url = await createQueue("rows.fifo", { FifoQueue: "true" });
    await expect(sendAll(url, "x")).rejects.toMatchObject({ name: "MissingParameter" });
    await expect(send(url, "a", "x")).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });
});

describe("a message move task", () => {
  async function deadLetters(count: number): Promise<{ dlq: string; url: string }> {
    const dlq = await createQueue("landed-dlq");
    const url = await createQueue("landed", {
      VisibilityTimeout: "0",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf("landed-dlq"), maxReceiveCount: 1 }),
    });
    for (let n = 0; n < count; n++) await sendAll(url, `dead ${n}`);
    for (let n = 0; n < 2 * count; n++) {
      await receive(url);
      await clock.advance(0);
    }
    expect((await counts(dlq))[0]).toBe(count);
    return { dlq, url };
  }
  const start = (options: object = {}) =>
    client.send(new StartMessageMoveTaskCommand({ SourceArn: arnOf("landed-dlq"), ...options }));
  const status = async () =>
    (await client.send(new ListMessageMoveTasksCommand({ SourceArn: arnOf("landed-dlq") }))).Results?.[0];

  it("moves dead letters back to where they came from", async () => {
    const { url, dlq } = await deadLetters(3);
    await start();
    await expect
      .poll(async () => {
        await clock.advance(1);
        return (await status())?.Status;
      })
      .toBe("COMPLETED");
    expect(await counts(dlq)).toEqual([0, 0, 0]);
    expect(await counts(url)).toEqual([3, 0, 0]);
    expect((await receive(url))[0]?.Attributes?.ApproximateReceiveCount).toBe("1");
  });

  it("keeps to its rate", async () => {
    const { url } = await deadLetters(3);
    await start({ MaxNumberOfMessagesPerSecond: 1 });
    await clock.advance(1);
    await expect.poll(async () => (await status())?.ApproximateNumberOfMessagesMoved).toBe(1);
    expect((await counts(url))[0]).toBe(1);
    await clock.advance(1_000);
    await expect.poll(async () => (await counts(url))[0]).toBe(2);
  });

  it("goes on after a crash", async () => {
    const { url } = await deadLetters(2);
    await start({ MaxNumberOfMessagesPerSecond: 1 });
    await crash();
    await expect
      .poll(async () => {
        await clock.advance(1_000);
        return (await counts(url))[0];
      })
      .toBe(2);
  });

  it("fails on a message that was sent to the DLQ directly, and keeps it there", async () => {
    const { dlq } = await deadLetters(0);
    await sendAll(dlq, "direct");
    await start();
    await expect
      .poll(async () => {
        await clock.advance(1);
        return (await status())?.Status;
      })
      .toBe("FAILED");
    expect((await status())?.FailureReason).toBe("CouldNotDetermineMessageSource");
    expect(await counts(dlq)).toEqual([1, 0, 0]);
  });

  it("starts only from a DLQ of another queue", async () => {
    await createQueue("landed-dlq");
    await expect(start()).rejects.toMatchObject({
      message: expect.stringContaining("must be configured as a Dead Letter Queue"),
    });
  });
});

describe("after a crash", () => {
  it("nothing accepted is lost, receive counts stand and client leases keep their deadline", async () => {
    const url = await createQueue("landed", { VisibilityTimeout: "30" });
    await sendAll(url, "leased", "free", "deleted");
    const [leased] = await receive(url, { MaxNumberOfMessages: 1 });
    await receive(url, { MaxNumberOfMessages: 1, VisibilityTimeout: 0 });
    await clock.advance(0);
    const [deleted] = await receive(url, { MaxNumberOfMessages: 1 });
    await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: deleted?.ReceiptHandle }));
    await crash();
    const [free] = await receive(url);
    expect([free?.Body, free?.Attributes?.ApproximateReceiveCount]).toEqual(["free", "2"]);
    await clock.advance(29_000);
    expect(await receive(url)).toEqual([]);
    await clock.advance(1_000);
    expect((await receive(url)).map(({ Body }) => Body).sort()).toEqual(["free", "leased"]);
    await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: leased?.ReceiptHandle }));
  });

  it("what the engine's own poller had leased is visible at once", async () => {
    const url = await createQueue("landed");
    await sendAll(url, "one");
    expect(await sqs.poll(arnOf("landed"), { max: 10, visibilityMs: 900_000 })).toHaveLength(1);
    await crash();
    expect(bodies(await receive(url))).toEqual(["one"]);
  });

  it("a receipt handle still deletes, and the queue is found under another port", async () => {
    const url = await createQueue("landed");
    await sendAll(url, "one");
    const [message] = await receive(url);
    await crash();
    await client.send(
      new DeleteMessageCommand({
        QueueUrl: url.replace(/:\d+/, ":1"),
        ReceiptHandle: message?.ReceiptHandle,
      }),
    );
    expect(await counts(url)).toEqual([0, 0, 0]);
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: "landed" }));
    expect(QueueUrl?.startsWith(server.endpoint)).toBe(true);
  });
});

describe("the engine's own poller", () => {
  const arn = arnOf("landed");

  it("takes more than ten messages at once, extends, releases and removes them", async () => {
    const url = await createQueue("landed");
    await sendAll(url, ...Array.from({ length: 25 }, (_, n) => `m${n}`));
    const messages = await sqs.poll(arn, { max: 500, visibilityMs: 1_000 });
    expect(messages.map(({ body }) => body)).toEqual(Array.from({ length: 25 }, (_, n) => `m${n}`));
    const handles = messages.map(({ receiptHandle }) => receiptHandle);
    await sqs.extend(arn, handles, 10_000);
    await clock.advance(9_999);
    expect(sqs.depth(arn)).toMatchObject({ visible: 0, inFlight: 25, oldestAgeSeconds: 9 });
    await sqs.remove(arn, handles.slice(1));
    let available = 0;
    sqs.onAvailable(arn, () => available++);
    await sqs.release(arn, handles.slice(0, 1), 5_000);
    expect(available).toBe(0);
    await clock.advance(5_000);
    expect(available).toBe(1);
    expect(sqs.depth(arn)).toMatchObject({ visible: 1, inFlight: 0 });
  });
});

describe("an older client that speaks the query protocol", () => {
  const post = async (form: Record<string, string>, path = "/") => {
    const response = await fetch(`${server.endpoint}${path}`, {
      method: "POST",
      headers: {
        authorization: "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/sqs/aws4_request, Signature=y",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: new URLSearchParams({ Version: "2012-11-05", ...form }),
    });
    return { status: response.status, xml: await response.text() };
  };

  it("creates a queue, sends with an attribute, receives and deletes", async () => {
    const created = await post({
      Action: "CreateQueue",
      QueueName: "old",
      "Attribute.1.Name": "VisibilityTimeout",
      "Attribute.1.Value": "7",
    });
    expect(created.xml).toContain(`<QueueUrl>${server.endpoint}/000000000000/old</QueueUrl>`);
    const sent = await post(
      {
        Action: "SendMessage",
        MessageBody: "a<b>&\r\n",
        "MessageAttribute.1.Name": "kind",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "x",
      },
      "/000000000000/old",
    );
    expect(sent.xml).toMatch(/<MessageId>[0-9a-f-]{36}<\/MessageId>/);
    const received = await post({
      Action: "ReceiveMessage",
      QueueUrl: `${server.endpoint}/000000000000/old`,
      "AttributeName.1": "All",
      "MessageAttributeName.1": "All",
    });
    expect(received.xml).toContain("<Body>a&lt;b&gt;&amp;&#xD;\n</Body>");
    expect(received.xml).toContain(
      "<MessageAttribute><Name>kind</Name><Value><DataType>String</DataType><StringValue>x</StringValue></Value></MessageAttribute>",
    );
    const ReceiptHandle = /<ReceiptHandle>(.*?)<\/ReceiptHandle>/.exec(received.xml)?.[1] ?? "";
    const deleted = await post({
      Action: "DeleteMessageBatch",
      QueueUrl: "old",
      "DeleteMessageBatchRequestEntry.1.Id": "d",
      "DeleteMessageBatchRequestEntry.1.ReceiptHandle": ReceiptHandle,
    });
    expect(deleted.xml).toContain(
      "<DeleteMessageBatchResultEntry><Id>d</Id></DeleteMessageBatchResultEntry>",
    );
  });

  it("gets errors by their old codes", async () => {
    const { status, xml } = await post({ Action: "GetQueueUrl", QueueName: "none" });
    expect(status).toBe(400);
    expect(xml).toContain("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>");
  });
});
