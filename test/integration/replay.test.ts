import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReplayOptions } from "../../src/replay/options.ts";
import { replay } from "../../src/replay/replay.ts";
import { testContext } from "../support/context.ts";
import {
  CAUSES,
  contentOf,
  letterAttributes,
  letterBody,
  putLetters,
  readAll,
} from "../support/dead-letters.ts";
import { type Messaging, startMessaging } from "../support/messaging.ts";
import { replayOptions } from "../support/replay.ts";
import { temporaryDirectory } from "../support/services.ts";

let engine: Messaging;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let dlq: { url: string; arn: string };
let source: { url: string; arn: string };

beforeEach(async () => {
  [engine, directory] = await Promise.all([startMessaging(), temporaryDirectory()]);
  dlq = await engine.queue("orders-dlq");
  source = await engine.queue("orders", {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq.arn, maxReceiveCount: 5 }),
  });
});

afterEach(async () => {
  await engine.close();
  await directory.remove();
});

function run(options: Partial<ReplayOptions> = {}, overrides: Parameters<typeof testContext>[1] = {}) {
  const context = testContext(directory.path, { yes: true, now: () => engine.clock.now(), ...overrides });
  return replay(replayOptions({ queue: dlq.url, ...options }), context, async (ms) =>
    engine.clock.advance(ms),
  );
}

describe("a replay", () => {
  it("sends the letters of one cause where they came from, byte for byte, and leaves the others", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 300);
    const result = await run({ where: `cause.errorCode == '${CAUSES[1].errorCode}'` });
    expect(result).toMatchObject({
      found: 300,
      replayed: 100,
      skipped: 200,
      failed: 0,
      left: 200,
      elsewhere: 0,
    });
    expect(result.skippedBecause).toEqual({ filter: 200 });
    const arrived = (await readAll(engine.clients.sqs, source.url)).map(contentOf);
    const expected = Array.from({ length: 100 }, (_, n) => n * 3 + 1).map((index) => ({
      ...contentOf({ Body: letterBody(index), MessageAttributes: letterAttributes(index) }),
      trace: `Root=1-5759e988-${index.toString(16).padStart(24, "0")}`,
    }));
    const byBody = (a: { body: string }, b: { body: string }) => (a.body < b.body ? -1 : 1);
    expect(arrived.sort(byBody)).toEqual(
      expected
        .map((one) => ({ ...one, attributes: { ...one.attributes, "edp-replay-count": ["Number", "1"] } }))
        .sort(byBody),
    );
    const left = await readAll(engine.clients.sqs, dlq.url);
    expect(left).toHaveLength(200);
    expect(path.dirname(result.ledger ?? "")).toBe(path.join(directory.path, ".edp", "local", "replays"));
  });

  it("takes no more than --max, and says what is left", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 40);
    const result = await run({ max: 7 });
    expect(result).toMatchObject({ replayed: 7, failed: 0, left: 33 });
    expect(await readAll(engine.clients.sqs, source.url)).toHaveLength(7);
  });

  it("sends no faster than --rate", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 40);
    const started = engine.clock.now();
    expect(await run({ rate: 10 })).toMatchObject({ replayed: 40 });
    // The first ten go at once.
    expect(engine.clock.now() - started).toBeGreaterThanOrEqual(3_000);
  });

  it("replays by age", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 5);
    await engine.clock.advance(2 * 3_600_000);
    await putLetters(engine.clients.sqs, dlq.url, 3);
    await engine.clock.advance(1);
    expect(await run({ older: "1h" })).toMatchObject({ found: 8, replayed: 5, skipped: 3 });
    expect(await run({ newer: "1h" })).toMatchObject({ found: 3, replayed: 3, skipped: 0 });
  });

  it("leaves what the destination refuses, entry by entry, and neither loses nor doubles the others", async () => {
    const small = await engine.queue("orders", { MaximumMessageSize: "1024" });
    for (const size of [10, 2_000, 20, 3_000, 30]) {
      await engine.clients.sqs.send(
        new SendMessageCommand({ QueueUrl: dlq.url, MessageBody: "x".repeat(size) }),
      );
    }
    const result = await run();
    expect(result).toMatchObject({ found: 5, replayed: 3, failed: 2, left: 2 });
    expect(result.failures).toMatchObject([{ code: "InvalidParameterValue", count: 2 }]);
    const sizes = (messages: { Body?: string }[]) => messages.map(({ Body }) => Body?.length).sort();
    expect(sizes(await readAll(engine.clients.sqs, small.url))).toEqual([10, 20, 30]);
    expect(sizes(await readAll(engine.clients.sqs, dlq.url))).toEqual([2_000, 3_000]);
  });

  it("finds nothing in an empty queue", async () => {
    expect(await run()).toMatchObject({ found: 0, replayed: 0, ledger: null });
  });

  it("leaves what another consumer holds, and says so", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 20);
    const held = await engine.receive(dlq.url);
    const result = await run();
    expect(result).toMatchObject({ replayed: 20 - held.length, elsewhere: held.length, failed: 0 });
  });

  it("carries a message of 1 MiB, whose count then is in the ledger", async () => {
    const MessageBody = "b".repeat(1024 * 1024);
    await engine.clients.sqs.send(new SendMessageCommand({ QueueUrl: dlq.url, MessageBody }));
    expect(await run({ maxReplays: 1 })).toMatchObject({ replayed: 1 });
    const [arrived] = await readAll(engine.clients.sqs, source.url);
    expect(arrived?.MessageAttributes).toBeUndefined();
    expect(arrived?.Body).toBe(MessageBody);
    // It died again: a function put it there, so that only the ledger can know it.
    await engine.clients.sqs.send(new SendMessageCommand({ QueueUrl: dlq.url, MessageBody }));
    const again = await run({ maxReplays: 1 });
    expect(again).toMatchObject({ replayed: 0, skipped: 1, skippedBecause: { replayed: 1 } });
  });

  it("keeps ten attributes, and counts that message in the ledger", async () => {
    const MessageAttributes = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [
        `a${index}`,
        { DataType: "String", StringValue: `${index}` },
      ]),
    );
    const put = () =>
      engine.clients.sqs.send(
        new SendMessageCommand({ QueueUrl: dlq.url, MessageBody: "ten", MessageAttributes }),
      );
    await put();
    await run();
    const [arrived] = await readAll(engine.clients.sqs, source.url);
    expect(Object.keys(arrived?.MessageAttributes ?? {})).toHaveLength(10);
    await put();
    expect((await run({ maxReplays: 1, dryRun: true })).preview).toMatchObject({
      selected: 0,
      failures: [{ code: "REPLAYED_TOO_OFTEN", count: 1 }],
    });
    expect(await run({ maxReplays: 1 })).toMatchObject({ skippedBecause: { replayed: 1 } });
    expect(await run({ maxReplays: 2 })).toMatchObject({ replayed: 1 });
  });

  it("refuses what was replayed --max-replays times, by the count that travels with it", async () => {
    await engine.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: dlq.url,
        MessageBody: "tired",
        MessageAttributes: { "edp-replay-count": { DataType: "Number", StringValue: "3" } },
      }),
    );
    await engine.clock.advance(1);
    expect(await run()).toMatchObject({ replayed: 0, skipped: 1, skippedBecause: { replayed: 1 }, left: 1 });
    expect(await run({ maxReplays: 4 })).toMatchObject({ replayed: 1 });
    const [arrived] = await readAll(engine.clients.sqs, source.url);
    expect(arrived?.MessageAttributes?.["edp-replay-count"]?.StringValue).toBe("4");
  });
});

describe("after a kill", () => {
  it("deletes what was sent, sends what was only about to be, and says so", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 20);
    const { Messages = [] } = await engine.clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: dlq.url, MaxNumberOfMessages: 10, VisibilityTimeout: 30 }),
    );
    const ids = Messages.map(({ MessageId = "" }) => MessageId);
    const ledgers = path.join(directory.path, ".edp", "local", "replays");
    await mkdir(ledgers, { recursive: true });
    const file = path.join(ledgers, "20250101T000000Z-abcdef.ndjson");
    const lines = [
      {
        t: "start",
        id: "x",
        queues: [dlq.url],
        startedAt: "2025-01-01T00:00:00Z",
        pid: 1,
        host: "elsewhere",
      },
      { t: "sending", ids },
      {
        t: "sent",
        to: "q",
        at: "2025-01-01T00:00:00Z",
        messages: ids.slice(0, 8).map((id) => ({ id, newId: `n${id}`, n: 1 })),
      },
      { t: "deleted", ids: [] },
    ];
    await writeFile(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"t":"dele`);
    // The killed replay's leases: the rerun waits for them.
    const now = Date.now();
    const result = await run({}, { now: () => engine.clock.now() - Date.UTC(2026, 0, 1) + now });
    expect(result).toMatchObject({
      found: 20,
      replayed: 12,
      alreadySent: 8,
      failed: 0,
      left: 0,
      maybeDoubled: 2,
    });
    expect(await readAll(engine.clients.sqs, source.url)).toHaveLength(12);
    expect(await readAll(engine.clients.sqs, dlq.url)).toHaveLength(0);
    // That replay is settled now.
    expect((await readFile(file, "utf8")).trimEnd().split("\n").at(-1)).toMatch(/"t":"end".*"by":/);
  });

  it("refuses to run beside a replay of the same queue", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 3);
    const ledgers = path.join(directory.path, ".edp", "local", "replays");
    await mkdir(ledgers, { recursive: true });
    const { hostname } = await import("node:os");
    const start = {
      t: "start",
      id: "x",
      queues: [dlq.url],
      startedAt: "",
      pid: process.ppid,
      host: hostname(),
    };
    await writeFile(path.join(ledgers, "x.ndjson"), `${JSON.stringify(start)}\n`);
    await expect(run()).rejects.toMatchObject({ code: "REPLAY_RUNNING", exitCode: 2 });
    expect(await readAll(engine.clients.sqs, dlq.url)).toHaveLength(3);
  });

  it("at Ctrl-C finishes what it is sending, gives the others back, and goes on when run again", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 200);
    const abort = new AbortController();
    const stopSoon = async () => {
      const depth = async () => {
        const { Attributes } = await engine.clients.sqs.send(
          new GetQueueAttributesCommand({
            QueueUrl: source.url,
            AttributeNames: ["ApproximateNumberOfMessages"],
          }),
        );
        return Number(Attributes?.ApproximateNumberOfMessages);
      };
      while ((await depth()) < 20) await new Promise(setImmediate);
      abort.abort();
    };
    const [outcome] = await Promise.allSettled([run({}, { signal: abort.signal }), stopSoon()]);
    expect(outcome).toMatchObject({ status: "rejected", reason: { exitCode: 130 } });
    const rest = await run();
    expect(rest).toMatchObject({ alreadySent: 0, maybeDoubled: 0, left: 0 });
    expect(rest.replayed).toBeLessThan(200);
    const bodies = (await readAll(engine.clients.sqs, source.url)).map(({ Body }) => Body);
    expect(bodies).toHaveLength(200);
    expect(new Set(bodies).size).toBe(200);
  });
});

describe("FIFO", () => {
  /** In their order. Each ten are deleted, so that their group goes on. */
  async function takeAll(url: string): Promise<Message[]> {
    const all: Message[] = [];
    for (;;) {
      const messages = await engine.receive(url);
      if (messages.length === 0) return all;
      all.push(...messages);
      const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await engine.clients.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    }
  }

  // More than one answer holds of a group, which is locked meanwhile.
  it("gives a new deduplication id, the same on every rerun, and keeps group and order", async () => {
    const fifoDlq = await engine.queue("steps-dlq.fifo", { FifoQueue: "true" });
    const fifo = await engine.queue("steps.fifo", {
      FifoQueue: "true",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: fifoDlq.arn, maxReceiveCount: 5 }),
    });
    for (let index = 0; index < 75; index++) {
      await engine.clients.sqs.send(
        new SendMessageCommand({
          QueueUrl: fifoDlq.url,
          MessageBody: `step ${index}`,
          MessageGroupId: `g${index % 3}`,
          MessageDeduplicationId: `original-${index}`,
        }),
      );
    }
    const result = await run({ queue: fifoDlq.url });
    expect(result).toMatchObject({ replayed: 75, failed: 0, left: 0 });
    const arrived = await takeAll(fifo.url);
    for (const group of ["g0", "g1", "g2"]) {
      const steps = arrived
        .filter(({ Attributes }) => Attributes?.MessageGroupId === group)
        .map(({ Body }) => Number(Body?.slice(5)));
      expect(steps).toEqual(Array.from({ length: 25 }, (_, n) => n * 3 + Number(group[1])));
    }
    const ids = arrived.map(({ Attributes }) => Attributes?.MessageDeduplicationId ?? "");
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await readFile(result.ledger ?? "", "utf8")).toContain('"dedup":"original-7"');
  });
});

it("shows again at once what it has passed over", async () => {
  await putLetters(engine.clients.sqs, dlq.url, 12);
  await run({ where: "cause.errorCode == 'NONE'" });
  expect(await readAll(engine.clients.sqs, dlq.url)).toHaveLength(12);
});
