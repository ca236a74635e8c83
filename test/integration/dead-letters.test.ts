import {
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queueDepth } from "../../src/aws/queues.ts";
import type { Letter } from "../../src/dead-letters/letter.ts";
import { lookThrough } from "../../src/dead-letters/look.ts";
import { causeAttribute, objectCreated, snsNotification } from "../support/letters.ts";
import { type Messaging, startMessaging } from "../support/messaging.ts";

const CAUSES = ["NOT_JSON", "SCHEMA_MISMATCH", "OBJECT_NOT_FOUND"] as const;

let messaging: Messaging;
beforeAll(async () => {
  messaging = await startMessaging();
});
afterAll(() => messaging.close());

const options = (signal = new AbortController().signal) => ({
  parallel: 8,
  waitSeconds: 0,
  now: () => messaging.clock.now(),
  signal,
});

async function fill(url: string, count: number, fifoGroup?: string): Promise<void> {
  const { sqs } = messaging.clients;
  for (let first = 0; first < count; first += 10) {
    const Entries = Array.from({ length: Math.min(10, count - first) }, (_, index) => {
      const n = first + index;
      const attributes: Record<string, MessageAttributeValue> = causeAttribute({ errorCode: CAUSES[n % 3] });
      return {
        Id: String(index),
        MessageBody: snsNotification(objectCreated(`raw/tracks/${n}.json`)),
        MessageAttributes: attributes,
        ...(fifoGroup ? { MessageGroupId: fifoGroup, MessageDeduplicationId: String(n) } : {}),
      };
    });
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
  }
}

async function lookAt(url: string, signal?: AbortSignal): Promise<Letter[]> {
  const letters: Letter[] = [];
  for await (const letter of lookThrough(messaging.clients.sqs, url, options(signal))) letters.push(letter);
  return letters;
}

describe("looking through 10,000 dead letters", () => {
  let url: string;
  let letters: Letter[];
  beforeAll(async () => {
    ({ url } = await messaging.queue("ten-thousand"));
    await fill(url, 10_000);
    letters = await lookAt(url);
  });

  test("shows each once, with its cause", () => {
    expect(new Set(letters.map(({ messageId }) => messageId)).size).toBe(10_000);
    expect(letters).toHaveLength(10_000);
    const count = (code: string) => letters.filter(({ cause }) => cause.errorCode === code).length;
    expect(CAUSES.map(count)).toEqual([3_334, 3_333, 3_333]);
  });

  test("leaves all of them visible, and they can be received at once", async () => {
    expect(await queueDepth(messaging.clients.sqs, url)).toEqual({
      visible: 10_000,
      inFlight: 0,
      delayed: 0,
    });
    const { Messages } = await messaging.clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    );
    expect(Messages).toHaveLength(10);
  });
});

test("a look that is broken off gives everything back", async () => {
  const { url } = await messaging.queue("broken-off");
  await fill(url, 200);
  for await (const letter of lookThrough(messaging.clients.sqs, url, options())) {
    expect(letter.envelope).toBe("sns");
    break;
  }
  expect(await queueDepth(messaging.clients.sqs, url)).toMatchObject({ visible: 200, inFlight: 0 });
});

test("a look that is aborted throws the reason and gives everything back", async () => {
  const { url } = await messaging.queue("aborted");
  await fill(url, 200);
  const abort = new AbortController();
  const looking = (async () => {
    for await (const _ of lookThrough(messaging.clients.sqs, url, options(abort.signal))) {
      abort.abort(new Error("enough"));
    }
  })();
  await expect(looking).rejects.toThrow("enough");
  expect(await queueDepth(messaging.clients.sqs, url)).toMatchObject({ visible: 200, inFlight: 0 });
});

test("what another consumer holds is left to it", async () => {
  const { url } = await messaging.queue("shared");
  await fill(url, 30);
  const taken = await messaging.receive(url);
  expect(await lookAt(url)).toHaveLength(20);
  expect(await queueDepth(messaging.clients.sqs, url)).toMatchObject({ visible: 20, inFlight: taken.length });
});

test("a FIFO queue keeps its order", async () => {
  const { url } = await messaging.queue("ordered.fifo", { FifoQueue: "true" });
  await fill(url, 10, "one");
  expect((await lookAt(url)).map(({ source }) => source.key)).toHaveLength(10);
  const received = await messaging.receive(url);
  expect(received[0]?.Body).toContain("raw/tracks/0.json");
});

test("an empty queue has no letters; one that does not exist is an error", async () => {
  const { url } = await messaging.queue("empty");
  expect(await lookAt(url)).toEqual([]);
  await expect(lookAt(`${url}-gone`)).rejects.toThrow(/does not exist/i);
});
