import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
import { describe } from "vitest";
import { motoAvailable } from "../../support/moto.ts";
import { bothSides, outcome, type Side } from "./both.ts";

async function createQueue({ sqs }: Side, QueueName: string, Attributes: Record<string, string> = {}) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl ?? "";
}

async function receive({ sqs }: Side, QueueUrl: string, options: Partial<ReceiveMessageCommandInput> = {}) {
  const command = new ReceiveMessageCommand({
    QueueUrl,
    MaxNumberOfMessages: 10,
    MessageAttributeNames: ["All"],
    ...options,
  });
  return (await sqs.send(command)).Messages ?? [];
}

async function receiveAll(side: Side, QueueUrl: string): Promise<Message[]> {
  return receive(side, QueueUrl, { MessageSystemAttributeNames: ["All"] });
}

const send = ({ sqs }: Side, QueueUrl: string, MessageBody: string, options: object = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...options }));

const counts = async ({ sqs }: Side, QueueUrl: string) =>
  (
    await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: [
          "ApproximateNumberOfMessages",
          "ApproximateNumberOfMessagesNotVisible",
          "ApproximateNumberOfMessagesDelayed",
        ],
      }),
    )
  ).Attributes;

const bodies = (messages: Message[]) => messages.map(({ Body }) => Body);
const attributes = {
  text: { DataType: "String", StringValue: "a\u{1F3B5}" },
  number: { DataType: "Number", StringValue: "1.50" },
  bytes: { DataType: "Binary", BinaryValue: Uint8Array.of(0, 255, 10) },
};

describe.skipIf(!motoAvailable())("SQS answers as moto does", () => {
  const { same } = bothSides();

  same("to a message sent and received, with its attributes and checksums", async (side) => {
    const url = await createQueue(side, "attributes");
    const sent = await send(side, url, "body \u{1F3B5}", { MessageAttributes: attributes });
    return [sent, await receiveAll(side, url), await counts(side, url)];
  });

  same("to a receive that asks for some attributes only", async (side) => {
    const url = await createQueue(side, "some-attributes");
    await send(side, url, "x", { MessageAttributes: { ...attributes, "a.b": attributes.text } });
    const first = await receive(side, url, { MessageAttributeNames: ["a.*"], VisibilityTimeout: 0 });
    await side.pass(0);
    return [first, await receive(side, url, { MessageAttributeNames: ["number"] })];
  });

  same("to visibility timeouts that end, are made longer and are ended", async (side) => {
    const url = await createQueue(side, "visibility", { VisibilityTimeout: "1" });
    await send(side, url, "one");
    const answers = [
      bodies(await receive(side, url)),
      bodies(await receive(side, url)),
      await counts(side, url),
    ];
    await side.pass(1_000);
    const [message] = await receiveAll(side, url);
    const change = (VisibilityTimeout: number) =>
      side.sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: url,
          ReceiptHandle: message?.ReceiptHandle,
          VisibilityTimeout,
        }),
      );
    await change(30);
    await side.pass(1_000);
    answers.push([message?.Attributes?.ApproximateReceiveCount], bodies(await receive(side, url)));
    await change(0);
    await side.pass(0);
    return [...answers, bodies(await receive(side, url))];
  });

  same("to messages that are delayed", async (side) => {
    const url = await createQueue(side, "delay", { DelaySeconds: "1" });
    await send(side, url, "queue");
    await send(side, url, "own", { DelaySeconds: 0 });
    const before = [await counts(side, url), bodies(await receive(side, url))];
    await side.pass(1_000);
    return [before, bodies(await receive(side, url))];
  });

  same("to a message that is received too often", async (side) => {
    const dlq = await createQueue(side, "redrive-dlq");
    const deadLetterTargetArn = `arn:aws:sqs:us-east-1:${side.account}:redrive-dlq`;
    const url = await createQueue(side, "redrive", {
      VisibilityTimeout: "1",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 }),
    });
    await send(side, url, "poison", { MessageAttributes: attributes });
    const answers: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      const messages = await receiveAll(side, url);
      answers.push(messages.map(({ Body, Attributes }) => [Body, Attributes?.ApproximateReceiveCount]));
      await side.pass(1_000);
    }
    const [dead] = await receive(side, dlq);
    const sources = await side.sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dlq }));
    return [answers, dead, sources, await counts(side, url)];
  });

  same("to deleting twice", async (side) => {
    const url = await createQueue(side, "delete");
    await send(side, url, "x");
    const [message] = await receive(side, url);
    const command = new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle });
    return [
      await outcome(side.sqs.send(command)),
      await outcome(side.sqs.send(command)),
      await counts(side, url),
    ];
  });

  same("to batches, with entries that fail", async (side) => {
    const url = await createQueue(side, "batch");
    const sent = await side.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "a", MessageBody: "a", MessageAttributes: attributes },
          { Id: "b", MessageBody: "b" },
        ],
      }),
    );
    const messages = await receive(side, url);
    const [first] = messages;
    const changed = await side.sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: url,
        Entries: [{ Id: "a", ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 60 }],
      }),
    );
    const deleted = await side.sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "good", ReceiptHandle: first?.ReceiptHandle },
          { Id: "bad", ReceiptHandle: "none" },
        ],
      }),
    );
    return [sent, bodies(messages), changed, deleted, await counts(side, url)];
  });

  same("to batches that are wrong as a whole", async (side) => {
    const url = await createQueue(side, "wrong-batch");
    const entry = (Id: string, MessageBody = "x") => ({ Id, MessageBody });
    const batch = (...Entries: object[]) =>
      outcome(
        side.sqs.send(
          new SendMessageBatchCommand({ QueueUrl: url, Entries: Entries as ReturnType<typeof entry>[] }),
        ),
      );
    return [
      await batch(),
      await batch(entry("a"), entry("a")),
      await batch(entry("a b")),
      await batch(...Array.from({ length: 11 }, (_, n) => entry(`${n}`))),
      await batch(entry("a", "x".repeat(600_000)), entry("b", "x".repeat(600_000))),
      await counts(side, url),
    ];
  });

  same("to FIFO groups, in order and locked while in flight", async (side) => {
    const url = await createQueue(side, "groups.fifo", { FifoQueue: "true" });
    const put = (MessageGroupId: string, body: string) =>
      send(side, url, body, { MessageGroupId, MessageDeduplicationId: body });
    for (const body of ["a1", "a2", "a3"]) await put("a", body);
    await put("b", "b1");
    const [first] = await receive(side, url, { MaxNumberOfMessages: 1 });
    const others = bodies(await receive(side, url));
    await side.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: first?.ReceiptHandle }));
    return [first?.Body, others, bodies(await receive(side, url))];
  });

  same("to duplicates on a FIFO queue", async (side) => {
    const url = await createQueue(side, "duplicates.fifo", {
      FifoQueue: "true",
      ContentBasedDeduplication: "true",
    });
    for (const body of ["same", "same", "other"]) await send(side, url, body, { MessageGroupId: "g" });
    const messages = await receiveAll(side, url);
    return messages.map(({ Body, Attributes }) => [
      Body,
      Attributes?.MessageGroupId,
      Attributes?.MessageDeduplicationId,
    ]);
  });

  same("to queues that are found, listed, tagged, changed and purged", async (side) => {
    const url = await createQueue(side, "listed-1", { VisibilityTimeout: "7" });
    await createQueue(side, "listed-2");
    await createQueue(side, "listed-1", { VisibilityTimeout: "7" });
    await side.sqs.send(new TagQueueCommand({ QueueUrl: url, Tags: { a: "1", b: "2" } }));
    await side.sqs.send(new UntagQueueCommand({ QueueUrl: url, TagKeys: ["a"] }));
    await side.sqs.send(
      new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { ReceiveMessageWaitTimeSeconds: "3" } }),
    );
    await send(side, url, "x");
    await side.sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
    const { Attributes } = await side.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
    );
    const { CreatedTimestamp, LastModifiedTimestamp, ...rest } = Attributes ?? {};
    return [
      await side.sqs.send(new GetQueueUrlCommand({ QueueName: "listed-1" })),
      await side.sqs.send(new ListQueuesCommand({ QueueNamePrefix: "listed-" })),
      await side.sqs.send(new ListQueueTagsCommand({ QueueUrl: url })),
      rest,
      [CreatedTimestamp, LastModifiedTimestamp].map((time) => /^\d{10}/.test(time ?? "")),
    ];
  });

  same("to wrong calls, by the same error names", async (side) => {
    const url = await createQueue(side, "errors", { VisibilityTimeout: "30" });
    const fifo = await createQueue(side, "errors.fifo", { FifoQueue: "true" });
    const missing = url.replace("errors", "no-such-queue");
    const receiving = (options: Partial<ReceiveMessageCommandInput>) => outcome(receive(side, url, options));
    return {
      sendToNoQueue: await outcome(send(side, missing, "x")),
      urlOfNoQueue: await outcome(side.sqs.send(new GetQueueUrlCommand({ QueueName: "no-such-queue" }))),
      // "The minimum size is one character" (API_SendMessage).
      emptyBody: await side.documented("MissingParameter", () => outcome(send(side, url, ""))),
      tooLong: await outcome(send(side, url, "x".repeat(1_048_577))),
      delayTooLong: await outcome(send(side, url, "x", { DelaySeconds: 901 })),
      fifoWithoutGroup: await outcome(send(side, fifo, "x", { MessageDeduplicationId: "d" })),
      fifoWithoutDeduplication: await outcome(send(side, fifo, "x", { MessageGroupId: "g" })),
      fifoWithDelay: await outcome(
        send(side, fifo, "x", { MessageGroupId: "g", MessageDeduplicationId: "d", DelaySeconds: 1 }),
      ),
      tooMany: await receiving({ MaxNumberOfMessages: 11 }),
      waitTooLong: await receiving({ WaitTimeSeconds: 21 }),
      otherAttributes: await outcome(createQueue(side, "errors", { VisibilityTimeout: "31" })),
      badName: await outcome(createQueue(side, "no spaces")),
      unknownAttribute: await outcome(
        side.sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["Nope" as "All"] })),
      ),
      garbageHandle: await outcome(
        side.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: "none" })),
      ),
    };
  });
});
