import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import {
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/local/clock.ts";
import { createLambda, type LambdaService } from "../../src/local/lambda/service.ts";
import { createSqs, type SqsService } from "../../src/local/sqs/service.ts";
import { buildWorker, recordLogs, recordMetrics, writeBundle } from "../support/lambda.ts";
import { engineParts, serve, temporaryDirectory } from "../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let workerPath: string;
let lambda: LambdaService;
let sqs: SqsService;
let logs: ReturnType<typeof recordLogs>;
let server: Awaited<ReturnType<typeof serve>>;
let lambdaClient: LambdaClient;
let sqsClient: SQSClient;
let queue: { url: string; arn: string };
let dlq: { url: string; arn: string };

async function start() {
  let endpoint = "";
  const parts = engineParts({ clock: systemClock, dataDirectory: directory.path, endpoint: () => endpoint });
  sqs = await createSqs(parts);
  lambda = await createLambda(parts, { sqs, logs, metrics: recordMetrics(), workerPath });
  server = await serve({ sqs, lambda });
  endpoint = server.endpoint;
  lambdaClient = new LambdaClient(server.settings);
  sqsClient = new SQSClient(server.settings);
  dlq = await sqs.createQueue("dead", {});
  queue = await sqs.createQueue("landed", {
    VisibilityTimeout: "1",
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: 2 }),
  });
}

async function stop() {
  lambdaClient.destroy();
  sqsClient.destroy();
  await lambda.close();
  await server.close();
  await sqs.close();
}

beforeEach(async () => {
  directory = await temporaryDirectory();
  workerPath = await buildWorker(directory.path);
  logs = recordLogs();
  await start();
});
afterEach(async () => {
  await stop();
  await directory.remove();
});

async function connect(
  source: string,
  changes: { batchSize?: number; batchWindowMs?: number; queueArn?: string } = {},
) {
  const zip = await writeBundle(directory.path, { "index.mjs": source });
  await lambda.deployFunction({
    name: "under-test",
    zip,
    handler: "index.handler",
    environment: {},
    memoryMb: 256,
    timeoutSeconds: 30,
  });
  await lambda.mapQueue({
    functionName: "under-test",
    queueArn: queue.arn,
    batchSize: 10,
    batchWindowMs: 0,
    maximumConcurrency: 2,
    queueVisibilityMs: 1_000,
    ...changes,
  });
}

/** What handlers printed as JSON lines, in order. */
const printed = () =>
  logs.events.flatMap(({ message }) => (message.startsWith("{") ? [JSON.parse(message)] : []));
const PRINT = "process.stdout.write(JSON.stringify(event.Records) + '\\n');";
const send = (...bodies: string[]) =>
  sqsClient.send(
    new SendMessageBatchCommand({
      QueueUrl: queue.url,
      Entries: bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
    }),
  );
const empty = { visible: 0, inFlight: 0, delayed: 0 };

it("an event has AWS's shape, attributes of every type included", async () => {
  await connect(
    "export const handler = async (event) => { process.stdout.write(JSON.stringify(event) + '\\n'); };",
  );
  await sqsClient.send(
    new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: "héllo",
      MessageAttributes: {
        text: { DataType: "String", StringValue: "t" },
        count: { DataType: "Number", StringValue: "7" },
        raw: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) },
      },
    }),
  );
  await expect.poll(printed).toHaveLength(1);
  const [record] = printed()[0].Records;
  expect(record).toEqual({
    messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    receiptHandle: expect.any(String),
    body: "héllo",
    attributes: expect.objectContaining({
      ApproximateReceiveCount: "1",
      SentTimestamp: expect.stringMatching(/^\d{13}$/),
      SenderId: expect.any(String),
      ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
    }),
    messageAttributes: {
      text: { stringValue: "t", stringListValues: [], binaryListValues: [], dataType: "String" },
      count: { stringValue: "7", stringListValues: [], binaryListValues: [], dataType: "Number" },
      raw: { binaryValue: "AP8=", stringListValues: [], binaryListValues: [], dataType: "Binary" },
    },
    md5OfBody: "be50e8478cf24ff3595bc7307fb91b50",
    eventSource: "aws:sqs",
    eventSourceARN: queue.arn,
    awsRegion: "us-east-1",
  });
  await expect.poll(() => sqs.depth(queue.arn)).toMatchObject(empty);
});

it("a message that keeps failing reaches the DLQ by redrive, the others of its batch do not", async () => {
  await connect(`export const handler = async (event) => ({
    batchItemFailures: event.Records.filter((record) => record.body === "bad").map(({ messageId }) => ({ itemIdentifier: messageId })),
  });`);
  await send("good", "bad", "fine");
  await expect.poll(() => sqs.depth(dlq.arn).visible, { timeout: 10_000 }).toBe(1);
  expect(sqs.depth(queue.arn)).toMatchObject(empty);
  const received = await sqsClient.send(new ReceiveMessageCommand({ QueueUrl: dlq.url }));
  expect(received.Messages?.[0]?.Body).toBe("bad");
});

it("a crash of the process delivers the batch again, to a fresh environment", async () => {
  await connect(`export const handler = async (event) => {
    if (event.Records[0].attributes.ApproximateReceiveCount === "1") process.exit(1);
    process.stdout.write('{"done":true}\\n');
  };`);
  await send("a");
  await expect.poll(printed, { timeout: 10_000 }).toEqual([{ done: true }]);
  await expect.poll(() => sqs.depth(queue.arn)).toMatchObject(empty);
});

it("an invocation longer than the queue's visibility timeout gets its messages once", async () => {
  await connect(`export const handler = async () => {
    process.stdout.write('{"began":true}\\n');
    await new Promise((resolve) => setTimeout(resolve, 2500));
  };`);
  await send("slow");
  await expect.poll(() => sqs.depth(queue.arn), { timeout: 10_000 }).toMatchObject(empty);
  expect(printed()).toEqual([{ began: true }]);
  expect(sqs.depth(dlq.arn).visible).toBe(0);
});

it("groups of a FIFO queue stay in order", async () => {
  const fifo = await sqs.createQueue("ordered.fifo", {
    FifoQueue: "true",
    ContentBasedDeduplication: "true",
  });
  await connect(
    "export const handler = async (event) => { for (const { body } of event.Records) process.stdout.write(body + '\\n'); };",
    { queueArn: fifo.arn },
  );
  for (let n = 0; n < 30; n++) {
    await sqsClient.send(
      new SendMessageCommand({
        QueueUrl: fifo.url,
        MessageBody: JSON.stringify({ group: n % 3, n }),
        MessageGroupId: String(n % 3),
      }),
    );
  }
  await expect.poll(printed, { timeout: 20_000 }).toHaveLength(30);
  for (const group of [0, 1, 2]) {
    const order = printed()
      .filter((each) => each.group === group)
      .map(({ n }) => n);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }
});

it("1,000 messages are handled once each in batches of up to 500", async () => {
  await connect(
    'export const handler = async (event) => { for (const { body } of event.Records) process.stdout.write(body + "\\n"); };',
    { batchSize: 500, batchWindowMs: 500 },
  );
  for (let batch = 0; batch < 100; batch++) {
    await send(...Array.from({ length: 10 }, (_, n) => JSON.stringify({ n: batch * 10 + n })));
  }
  await expect.poll(() => sqs.depth(queue.arn), { timeout: 20_000 }).toMatchObject(empty);
  const seen = printed().map(({ n }) => n);
  expect(seen).toHaveLength(1000);
  expect(new Set(seen).size).toBe(1000);
});

describe("the mapping's API", () => {
  it("lists, disables and enables a mapping, and a restart keeps what was set", async () => {
    await connect(`export const handler = async (event) => { ${PRINT} };`);
    const listed = await lambdaClient.send(
      new ListEventSourceMappingsCommand({ FunctionName: "under-test" }),
    );
    const [mapping] = listed.EventSourceMappings ?? [];
    expect(mapping).toMatchObject({
      EventSourceArn: queue.arn,
      BatchSize: 10,
      State: "Enabled",
      ScalingConfig: { MaximumConcurrency: 2 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    const UUID = mapping?.UUID;
    await lambdaClient.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false, BatchSize: 5 }));
    await send("waits");
    await stop();
    await start();
    await connect(`export const handler = async (event) => { ${PRINT} };`);
    const restored = await lambdaClient.send(new GetEventSourceMappingCommand({ UUID }));
    expect(restored).toMatchObject({ State: "Disabled", BatchSize: 5 });
    expect(sqs.depth(queue.arn).visible).toBe(1);
    await lambdaClient.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
    await expect.poll(() => sqs.depth(queue.arn)).toMatchObject(empty);
  });

  it("refuses settings that AWS refuses", async () => {
    await connect("export const handler = async () => {};");
    const [mapping] =
      (await lambdaClient.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings ?? [];
    const update = (changes: object) =>
      lambdaClient.send(new UpdateEventSourceMappingCommand({ UUID: mapping?.UUID, ...changes }));
    const refused = { name: "InvalidParameterValueException" };
    await expect(update({ BatchSize: 10_001 })).rejects.toMatchObject(refused);
    await expect(update({ BatchSize: 11 })).rejects.toMatchObject(refused);
    await expect(update({ ScalingConfig: { MaximumConcurrency: 1 } })).rejects.toMatchObject(refused);
    await expect(
      lambdaClient.send(new GetEventSourceMappingCommand({ UUID: "absent" })),
    ).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });
});
