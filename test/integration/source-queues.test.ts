import { CreateQueueCommand, SQSServiceException } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sourceQueues } from "../../src/replay/source-queues.ts";
import { type Messaging, startMessaging } from "../support/messaging.ts";

let messaging: Messaging;
let dlq: { url: string; arn: string };
beforeEach(async () => {
  messaging = await startMessaging();
  dlq = await messaging.queue("landed-dlq");
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: 5 });
  await messaging.clients.sqs.send(
    new CreateQueueCommand({ QueueName: "landed", Attributes: { RedrivePolicy } }),
  );
  await messaging.queue("another");
});
afterEach(() => messaging.close());

/** Makes the service answer ListDeadLetterSourceQueues with this error, as an emulator that lacks it. */
function answerWith(name: string): void {
  messaging.clients.sqs.middlewareStack.add(
    (next, context) => (args) => {
      if (context.commandName !== "ListDeadLetterSourceQueuesCommand") return next(args);
      throw new SQSServiceException({ name, message: name, $fault: "client", $metadata: {} });
    },
    { step: "initialize" },
  );
}

it("the queues that a dead-letter queue serves are told by SQS", async () => {
  const found = await sourceQueues(messaging.clients.sqs, dlq);
  expect(found.map(({ arn, fifo }) => [arn.split(":").pop(), fifo])).toEqual([["landed", false]]);
});

it("an emulator that lacks the action is asked for every queue's redrive policy, with the same outcome", async () => {
  const expected = await sourceQueues(messaging.clients.sqs, dlq);
  answerWith("InvalidAction");
  expect(await sourceQueues(messaging.clients.sqs, dlq)).toEqual(expected);
});

it("any other refusal is no reason to search", async () => {
  answerWith("AccessDenied");
  await expect(sourceQueues(messaging.clients.sqs, dlq)).rejects.toThrow("AccessDenied");
});
