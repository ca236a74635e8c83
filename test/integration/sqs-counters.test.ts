import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Messaging, startMessaging } from "../support/messaging.ts";

let messaging: Messaging;
beforeEach(async () => {
  messaging = await startMessaging();
});
afterEach(() => messaging.close());

it("counts what is sent and what consumers delete, and not what moves to a DLQ", async () => {
  const { sqs, clients, clock } = messaging;
  const dlq = await messaging.queue("landed-dlq");
  const redrive = { deadLetterTargetArn: dlq.arn, maxReceiveCount: 1 };
  const { url } = await messaging.queue("landed", { RedrivePolicy: JSON.stringify(redrive) });
  for (const MessageBody of ["handled", "poison"]) {
    await clients.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody }));
  }
  const { Messages = [] } = await clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 1 }),
  );
  const handled = Messages.find(({ Body }) => Body === "handled");
  const deletion = { QueueUrl: url, ReceiptHandle: handled?.ReceiptHandle };
  await clients.sqs.send(new DeleteMessageCommand(deletion));
  await clients.sqs.send(new DeleteMessageCommand(deletion));
  await clock.advance(2_000);
  expect(await messaging.receive(url)).toEqual([]);
  const counted = Object.fromEntries(
    sqs.gauges().map(({ queueName, sent, deleted, visible }) => [queueName, { sent, deleted, visible }]),
  );
  expect(counted).toEqual({
    landed: { sent: 2, deleted: 1, visible: 0 },
    "landed-dlq": { sent: 0, deleted: 0, visible: 1 },
  });
});
