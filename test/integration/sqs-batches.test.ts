import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CreateQueueCommand,
  QueueDoesNotExist,
  SendMessageBatchCommand,
  type SendMessageBatchCommandOutput,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SqsBatches } from "../../src/aws/sqs-batches.ts";
import { BINARY, contentOf, letterAttributes, letterBody, putLetters } from "../support/dead-letters.ts";
import { type Messaging, startMessaging } from "../support/messaging.ts";
import { type Moto, motoAvailable, startMoto } from "../support/moto.ts";
import { clientSettings } from "../support/services.ts";

let engine: Messaging;
let moto: Moto | undefined;

beforeAll(async () => {
  engine = await startMessaging();
  if (motoAvailable()) moto = await startMoto();
});

afterAll(async () => {
  await engine.close();
  await moto?.stop();
});

const sides: [string, () => string][] = [["the engine", () => engine.endpoint]];
if (motoAvailable()) sides.push(["moto", () => moto?.endpoint ?? ""]);

describe.each(sides)("quick SQS calls on %s", (side, endpoint) => {
  async function open(QueueName: string) {
    const sqs = new SQSClient(clientSettings(endpoint()));
    const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName }));
    return { sqs, QueueUrl, batches: new SqsBatches(sqs, endpoint()) };
  }
  const ALL = {
    MessageAttributeNames: ["All"],
    MessageSystemAttributeNames: ["All" as const],
    MaxNumberOfMessages: 10,
  };

  it("carry bodies, attributes, bytes and trace as the SDK does", async () => {
    const { sqs, QueueUrl, batches } = await open("whole");
    await putLetters(sqs, QueueUrl, 1);
    const [first] = await batches.receive({ QueueUrl, ...ALL });
    expect(contentOf(first ?? {})).toMatchObject({ body: letterBody(0) });
    expect(contentOf(first ?? {}).attributes).toMatchObject(
      contentOf({ MessageAttributes: letterAttributes(0) }).attributes,
    );
    expect(first?.MessageAttributes?.bytes?.BinaryValue).toEqual(Uint8Array.from([...BINARY, 0]));
    const { Successful, Failed } = await batches.send({
      QueueUrl,
      Entries: [{ Id: "a", MessageBody: first?.Body, MessageAttributes: first?.MessageAttributes }],
    });
    expect(Successful?.map(({ Id }) => Id)).toEqual(["a"]);
    expect(Failed ?? []).toEqual([]);
    await batches.delete({ QueueUrl, Entries: [{ Id: "d", ReceiptHandle: first?.ReceiptHandle }] });
    const [second, ...others] = await batches.receive({ QueueUrl, ...ALL });
    expect(others).toEqual([]);
    expect(contentOf(second ?? {})).toMatchObject({
      body: letterBody(0),
      attributes: contentOf(first ?? {}).attributes,
    });
    await batches.changeVisibility({
      QueueUrl,
      Entries: [{ Id: "v", ReceiptHandle: second?.ReceiptHandle, VisibilityTimeout: 0 }],
    });
    expect(await batches.receive({ QueueUrl, ...ALL })).toHaveLength(1);
  });

  it("fail as the SDK's calls do", async () => {
    const { sqs, QueueUrl, batches } = await open("errors");
    await expect(batches.receive({ QueueUrl: `${QueueUrl}-not` })).rejects.toBeInstanceOf(QueueDoesNotExist);
    // The second body holds a character that SQS refuses; emulators differ in whether they do.
    const Entries = [
      { Id: "good", MessageBody: "x" },
      { Id: "bad", MessageBody: "\u0001" },
    ];
    const outcome = (answer: Promise<SendMessageBatchCommandOutput>) =>
      answer.then(
        ({ Successful = [], Failed = [] }) => ({
          sent: Successful.map(({ Id }) => Id),
          failed: Failed.map(({ Id, Code }) => [Id, Code]),
        }),
        (error: Error) => error.name,
      );
    const bySdk = await outcome(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })));
    expect(
      await outcome(batches.send({ QueueUrl, Entries }) as Promise<SendMessageBatchCommandOutput>),
    ).toEqual(bySdk);
    if (side === "the engine") expect(bySdk).not.toMatchObject({ sent: ["good", "bad"] });
  });
});

describe("an answer that is no plain success", () => {
  let server: Server;
  const answers: ((respond: (status: number, body: string) => void) => void)[] = [];
  const targets: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      targets.push(String(request.headers["x-amz-target"]));
      request
        .resume()
        .on("end", () => answers.shift()?.((status, body) => response.writeHead(status).end(body)));
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  });

  afterAll(() => void server.close());

  it.each([
    ["a fault of the server", 503, "busy"],
    ["no JSON", 200, "<html>"],
  ])("is left to the SDK, which asks again: %s", async (_what, status, body) => {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sqs = new SQSClient(clientSettings(endpoint));
    answers.push((respond) => respond(status, body));
    answers.push((respond) => respond(200, '{"Messages":[]}'));
    targets.length = 0;
    expect(await new SqsBatches(sqs, endpoint).receive({ QueueUrl: `${endpoint}/0/q` })).toEqual([]);
    expect(targets).toEqual(["AmazonSQS.ReceiveMessage", "AmazonSQS.ReceiveMessage"]);
  });

  it("with another MD5 than the body's is an error", async () => {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sqs = new SQSClient(clientSettings(endpoint));
    const message = { MessageId: "m", Body: "torn", MD5OfBody: "0".repeat(32), ReceiptHandle: "r" };
    answers.push((respond) => respond(200, JSON.stringify({ Messages: [message] })));
    await expect(new SqsBatches(sqs, endpoint).receive({ QueueUrl: `${endpoint}/0/q` })).rejects.toThrow(
      "MD5",
    );
  });
});
