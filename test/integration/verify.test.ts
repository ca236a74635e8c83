import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Clients } from "../../src/aws/clients.ts";
import { createClients } from "../../src/aws/clients.ts";
import type { Letter } from "../../src/dead-letters/letter.ts";
import { lookThrough } from "../../src/dead-letters/look.ts";
import { systemPause } from "../../src/ingest/pause.ts";
import { Feed } from "../../src/replay/feed.ts";
import { outgoing } from "../../src/replay/outgoing.ts";
import type { ReplayedMessage, VerifyOptions } from "../../src/replay/types.ts";
import { Pace } from "../../src/replay/verify/pace.ts";
import { verifyReplay } from "../../src/replay/verify/verify.ts";
import { type Deployed, startDeployed } from "../support/deployed.ts";
import { entityOf } from "../support/entities.ts";
import { track } from "../unit/lambda/function-bench.ts";

let engine: Deployed;
let clients: Clients;
let sqs: SQSClient;
let sent: Feed<ReplayedMessage>;
let returned: Feed<Letter>;
let stopped: string[];

beforeAll(async () => {
  engine = await startDeployed();
  clients = createClients(engine.deployment, engine.context());
  sqs = engine.clients.sqs;
});
afterAll(async () => {
  clients.close();
  await engine.close();
});
beforeEach(() => {
  sent = new Feed();
  returned = new Feed();
  stopped = [];
});

function verify(overrides: Partial<VerifyOptions> = {}) {
  const { deployment } = engine;
  return verifyReplay(sent, {
    context: engine.context(),
    place: { env: "local", endpoint: deployment.endpoint, region: deployment.region, deployment },
    clients,
    sources: [source(engine.dlqUrl)],
    maxFailures: 20,
    pace: new Pace(100),
    timeoutMs: 20_000,
    returned,
    stop: (reason) => stopped.push(reason),
    ...overrides,
  });
}

function source(url: string): VerifyOptions["sources"][number] {
  const depth = { visible: 0, inFlight: 0, delayed: 0 };
  const parts = { url, arn: "", name: "", fifo: false, kmsKeyId: null, sources: [], redrivesTo: null, depth };
  return { ...parts, pipeline: "spotify" };
}

/** Sends a letter on and tells the verification of it. */
async function replay(letter: Letter, url = engine.queueUrl, deadLetterQueue = engine.dlqUrl) {
  const content = { body: letter.raw.Body ?? "", attributes: letter.raw.MessageAttributes ?? {} };
  const { body, attributes } = outgoing(letter, content, false, 1);
  const { MessageId = null } = await sqs.send(
    new SendMessageCommand({ QueueUrl: url, MessageBody: body, MessageAttributes: attributes }),
  );
  sent.push({
    letter,
    newMessageId: MessageId,
    destination: { kind: "queue", url, arn: "", fifo: false },
    sentAt: new Date().toISOString(),
    replayCount: 1,
    deadLetterQueue,
  });
}

async function letters(url = engine.dlqUrl): Promise<Letter[]> {
  const all: Letter[] = [];
  const look = { parallel: 1, waitSeconds: 0, now: Date.now, signal: new AbortController().signal };
  for await (const letter of lookThrough(sqs, url, look)) all.push(letter);
  return all;
}

const land = (id: string, entity: object) => engine.land(entityOf({ id }).key, JSON.stringify(entity));

describe("a replay to a function of edp", () => {
  it("is followed until each message is rejected or dead again, with the reason", async () => {
    for (const id of ["mended", "broken"]) await land(id, track(id, { duration_ms: "3:25" }));
    await engine.deadLetters(2);
    await land("mended", track("mended"));
    const dead = await letters();
    for (const letter of dead) await replay(letter);
    sent.end();
    returned.end();
    expect(await verify()).toEqual({
      processed: 0,
      rejected: 1,
      deadAgain: 1,
      unconfirmed: 0,
      stopped: null,
      examples: [
        {
          messageId: dead.find(({ source }) => source.key?.includes("broken"))?.messageId,
          reason: 'SCHEMA_MISMATCH at duration_ms: expected integer, got string "3:25"',
        },
      ],
    });
  });

  it("finds an object that became rows by its claim", async () => {
    const version = await land("good", track("good"));
    const event = {
      "detail-type": "Object Created",
      source: "aws.s3",
      time: new Date().toISOString(),
      detail: {
        bucket: { name: engine.bronze },
        object: { key: "raw/tracks/good.json", "version-id": version, size: 10, etag: "e" },
      },
    };
    const { url } = await queue("by-hand");
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify(event) }));
    for (const letter of await letters(url)) await replay(letter);
    sent.end();
    returned.end();
    expect(await verify()).toMatchObject({ processed: 1, deadAgain: 0, unconfirmed: 0 });
  });

  it("is stopped when too many die again, while it still has something to send", async () => {
    const many = Array.from({ length: 30 }, (_, index) => `bad${index}`);
    for (const id of many) await land(id, track(id, { duration_ms: "3:25" }));
    await engine.until(async () => (await letters()).filter(isBad).length === many.length);
    const pace = new Pace(25);
    const stop = new AbortController();
    const verification = verify({
      pace,
      stop: (reason) => {
        stopped.push(reason);
        stop.abort();
      },
    });
    let replayed = 0;
    for (const letter of (await letters()).filter(isBad)) {
      const room = await pace.take(1, stop.signal).catch(() => 0);
      if (room === 0) break;
      await replay(letter);
      replayed++;
    }
    sent.end();
    returned.end();
    const { deadAgain, stopped: why } = await verification;
    expect(stopped).toEqual([why]);
    expect(why).toMatch(/of 25 replayed messages died again, more than 20 %/);
    expect([replayed, deadAgain]).toEqual([25, 25]);
  });
});

const isBad = ({ source: { key } }: Letter) => key?.startsWith("raw/tracks/bad") === true;

describe("a replay to a queue that edp knows nothing about", () => {
  it("is unconfirmed once the queue is drained, never processed", async () => {
    const [dlq, work] = [await queue("orders-dlq"), await queue("orders")];
    await sqs.send(new SendMessageCommand({ QueueUrl: dlq.url, MessageBody: "order 1" }));
    for (const letter of await letters(dlq.url)) await replay(letter, work.url, dlq.url);
    sent.end();
    returned.end();
    const verification = verify(blind(dlq.url));
    await consume(work.url);
    expect(await verification).toMatchObject({ processed: 0, deadAgain: 0, unconfirmed: 1 });
  });

  it("knows what came back, though its consumer says nothing", async () => {
    const [dlq, work] = [await queue("bills-dlq"), await queue("bills")];
    await sqs.send(new SendMessageCommand({ QueueUrl: dlq.url, MessageBody: "bill 1" }));
    const [letter] = await letters(dlq.url);
    if (!letter) throw new Error("the letter is missing");
    await replay(letter, work.url, dlq.url);
    sent.end();
    returned.end();
    const verification = verify(blind(dlq.url));
    await sqs.send(new SendMessageCommand({ QueueUrl: dlq.url, MessageBody: "bill 1" }));
    await consume(work.url);
    expect(await verification).toMatchObject({ deadAgain: 1, unconfirmed: 0 });
  });
});

const blind = (url: string): Partial<VerifyOptions> => {
  const { endpoint, region } = engine.deployment;
  return {
    place: { env: "local", endpoint, region, deployment: null },
    sources: [{ ...source(url), pipeline: null }],
  };
};

async function queue(QueueName: string): Promise<{ url: string }> {
  const { CreateQueueCommand } = await import("@aws-sdk/client-sqs");
  return { url: (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? "" };
}

async function consume(QueueUrl: string): Promise<void> {
  const { ReceiveMessageCommand, DeleteMessageCommand } = await import("@aws-sdk/client-sqs");
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
  await systemPause(1);
  for (const { ReceiptHandle } of Messages)
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
}
