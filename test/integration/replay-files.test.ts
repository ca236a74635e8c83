import { appendFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { PurgeQueueCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClients } from "../../src/aws/clients.ts";
import { openJob } from "../../src/replay/job.ts";
import { replay } from "../../src/replay/replay.ts";
import { checkFile } from "../../src/replay/transfer.ts";
import { testContext } from "../support/context.ts";
import { contentOf, putLetters, readAll } from "../support/dead-letters.ts";
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

function context(overrides: Parameters<typeof testContext>[1] = {}) {
  return testContext(directory.path, { yes: true, now: () => engine.clock.now(), ...overrides });
}

function run(overrides: Parameters<typeof replayOptions>[0] = {}, given = context()) {
  return replay(replayOptions({ queue: dlq.url, ...overrides }), given, async (ms) =>
    engine.clock.advance(ms),
  );
}

const put = (MessageBody: string) =>
  engine.clients.sqs.send(new SendMessageCommand({ QueueUrl: dlq.url, MessageBody }));
const file = (name: string) => path.join(directory.path, name);

it("--dry-run counts no more than --max would send", async () => {
  await putLetters(engine.clients.sqs, dlq.url, 5);
  const { preview } = await run({ dryRun: true, max: 2 });
  expect(preview).toMatchObject({ selected: 2, destinations: [{ count: 2 }] });
});

describe("--export and --import", () => {
  it("carry whole messages through a file, and leave the dead-letter queue alone", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 25);
    const exportFile = file("letters.ndjson");
    expect(await run({ exportFile })).toMatchObject({ found: 25, exportedCount: 25, replayed: 0 });
    const [line] = (await readFile(exportFile, "utf8")).split("\n");
    expect(JSON.parse(line ?? "")).toMatchObject({
      queue: dlq.url,
      attributes: {
        bytes: { dataType: "Binary.jpg", binaryValue: expect.stringContaining("AP/+gA0Kwyg") as string },
      },
    });
    expect(await run({ importFile: exportFile, queue: undefined })).toMatchObject({
      found: 25,
      replayed: 25,
    });
    const dead = (await readAll(engine.clients.sqs, dlq.url)).map(contentOf);
    const sent = (await readAll(engine.clients.sqs, source.url)).map(contentOf);
    const byBody = (a: { body: string }, b: { body: string }) => (a.body < b.body ? -1 : 1);
    const expected = dead.map(({ attributes, ...rest }) => {
      const { "edp-cause": _cause, ...others } = attributes;
      return { ...rest, attributes: { ...others, "edp-replay-count": ["Number", "1"] } };
    });
    expect(sent.sort(byBody)).toEqual(expected.sort(byBody));
  });

  it("name every broken line, and send nothing", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 3);
    const exportFile = file("letters.ndjson");
    await run({ exportFile });
    const [first = ""] = (await readFile(exportFile, "utf8")).split("\n");
    const broken = [
      "{not json",
      JSON.stringify({ ...JSON.parse(first), messageId: 7 }),
      JSON.stringify({
        ...JSON.parse(first),
        messageId: "b",
        attributes: { x: { dataType: "Binary", binaryValue: "!" } },
      }),
      first,
      JSON.stringify({ ...JSON.parse(first), messageId: "c", attributes: null }),
      JSON.stringify({ ...JSON.parse(first), messageId: "d", systemAttributes: null }),
      JSON.stringify({ ...JSON.parse(first), messageId: "e", queue: 5 }),
    ];
    await appendFile(exportFile, `${broken.join("\n")}\n`);
    await appendFile(exportFile, Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    const failure = await run({ importFile: exportFile, queue: undefined }).catch((error: Error) => error);
    expect(failure).toMatchObject({ exitCode: 3 });
    const { message } = failure as Error;
    expect(message).toContain("8 broken line(s); nothing was sent");
    expect(message).toContain("line 4: it is not JSON");
    expect(message).toContain("line 5: messageId is no text");
    expect(message).toContain("line 6: attribute x");
    expect(message).toContain("line 7: it repeats the message of line 1");
    expect(message).toContain("line 8: attributes is no object");
    expect(message).toContain("line 9: systemAttributes is no object");
    expect(message).toContain("line 10: queue is no text");
    expect(message).toContain("line 11: it is not UTF-8");
    expect(await readAll(engine.clients.sqs, source.url)).toHaveLength(0);
  });

  it("go on after Ctrl-C or --max where they ended, and send a file again once they have come to its end", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 35);
    const importFile = file("letters.ndjson");
    await run({ exportFile: importFile });
    const abort = new AbortController();
    const interrupted = replay(
      replayOptions({ importFile, rate: 10 }),
      context({ signal: abort.signal }),
      async () => abort.abort(),
    );
    await expect(interrupted).rejects.toMatchObject({ exitCode: 130 });
    const again = { importFile, queue: undefined };
    expect(await run({ ...again, max: 5 })).toMatchObject({ replayed: 5, alreadySent: 10 });
    expect(await run(again)).toMatchObject({ replayed: 20, alreadySent: 15, maybeDoubled: 0 });
    const bodies = (await readAll(engine.clients.sqs, source.url)).map(({ Body }) => Body);
    expect(new Set(bodies).size).toBe(35);
    expect(bodies).toHaveLength(35);
    expect(await run(again)).toMatchObject({ replayed: 35, alreadySent: 0 });
  });

  it("send a file to a named queue", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 3);
    const other = await engine.queue("other");
    await run({ exportFile: file("a.ndjson") });
    await run({ importFile: file("a.ndjson"), queue: undefined, to: other.url });
    expect(await readAll(engine.clients.sqs, other.url)).toHaveLength(3);
  });

  it("are refused where a message is from a queue that has no way back", async () => {
    const line = { messageId: "m", queue: dlq.url, body: "x" };
    await writeFile(
      file("a.ndjson"),
      `${JSON.stringify(line)}\n${JSON.stringify({ ...line, messageId: "n", queue: "" })}\n`,
    );
    const importFile = file("a.ndjson");
    await expect(run({ importFile, queue: undefined })).rejects.toMatchObject({ exitCode: 2 });
    const given = context();
    const place = { env: "local", endpoint: engine.endpoint, region: "us-east-1", deployment: null };
    const parts = {
      ...{
        options: replayOptions({ importFile }),
        context: given,
        place,
        clients: createClients(place, given),
      },
      ...{ sqs: engine.clients.sqs, select: () => true, edit: undefined, pause: async () => {} },
    };
    const opened = openJob({ ...parts, file: await checkFile(importFile) }, [
      { url: dlq.url, pipeline: "orders", logGroups: [] },
    ]);
    await expect(opened).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('from ""') as string,
    });
    expect(await readAll(engine.clients.sqs, source.url)).toHaveLength(0);
  });

  it("follow what a file sends to its end, also where that is the dead-letter queue again", async () => {
    await putLetters(engine.clients.sqs, dlq.url, 2);
    await run({ exportFile: file("a.ndjson") });
    await engine.clients.sqs.send(new PurgeQueueCommand({ QueueUrl: dlq.url }));
    const given = context();
    const options = replayOptions({ importFile: file("a.ndjson"), verify: true, maxFailures: 100 });
    // A consumer that fails everything at once.
    const result = await replay(options, given, async (ms) => {
      const receive = { QueueUrl: source.url, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
      await engine.clients.sqs.send(new ReceiveMessageCommand(receive));
      engine.clock.advance(ms);
    });
    expect(result).toMatchObject({ replayed: 2, verified: { deadAgain: 2, unconfirmed: 0 } });
  });

  it("don't overwrite a file", async () => {
    await put("x");
    await writeFile(file("a.ndjson"), "mine");
    await expect(run({ exportFile: file("a.ndjson") })).rejects.toMatchObject({ exitCode: 3 });
    expect(await readFile(file("a.ndjson"), "utf8")).toBe("mine");
  });
});

describe("--edit", () => {
  it("sends what the module makes of a letter, leaves out null, and shows the difference first", async () => {
    await put('{"id":1,"duration":"3:25"}');
    await put('{"id":2,"duration":"0:10"}');
    await writeFile(
      file("fix.mjs"),
      `export default ({ payload }) =>
        payload.id === 2 ? null : { payload: { ...payload, duration: 205000 }, attributes: { fixed: "yes", n: 1 } };`,
    );
    const given = context();
    const result = await run({ edit: file("fix.mjs") }, given);
    expect(result).toMatchObject({ replayed: 1, skipped: 1, skippedBecause: { edit: 1 } });
    expect(given.terminal.stderr).toContain('-   "duration": "3:25"');
    expect(given.terminal.stderr).toContain('+   "duration": 205000');
    const [arrived] = await readAll(engine.clients.sqs, source.url);
    expect(arrived?.Body).toBe('{"id":1,"duration":205000}');
    expect(arrived?.MessageAttributes).toMatchObject({
      fixed: { DataType: "String", StringValue: "yes" },
      n: { DataType: "Number", StringValue: "1" },
    });
  });

  it("takes a JSON Patch over body, payload and attributes, also inside an SNS envelope", async () => {
    await put(
      JSON.stringify({
        Type: "Notification",
        TopicArn: "t",
        MessageId: "m",
        Message: '{"a":[1,2]}',
        Timestamp: "",
      }),
    );
    const patch = [
      { op: "replace", path: "/payload/a/0", value: 9 },
      { op: "add", path: "/attributes/kind", value: "album" },
    ];
    await writeFile(file("fix.json"), JSON.stringify(patch));
    expect(await run({ edit: file("fix.json") })).toMatchObject({ replayed: 1 });
    const [arrived] = await readAll(engine.clients.sqs, source.url);
    expect(JSON.parse(arrived?.Body ?? "")).toMatchObject({ Type: "Notification", Message: '{"a":[9,2]}' });
    expect(arrived?.MessageAttributes?.kind?.StringValue).toBe("album");
  });

  const FAULTS: [string, string, string][] = [
    ["fix.mjs", "export default (letter) => letter.payload.no.such;", "fix.mjs threw TypeError"],
    ["fix.mjs", "export default () => undefined;", "returned nothing"],
    ["fix.mjs", 'export default () => ({ boddy: "x" });', "it gave boddy"],
    ["fix.mjs", 'export default () => ({ body: "\\u0000" });', "U+0000"],
    ["fix.mjs", 'export default () => ({ body: "" });', "the body is empty"],
    ["fix.mjs", "export const nothing = 1;", "has no function as its default export"],
    ["fix.mjs", "export default (", "cannot be loaded"],
    ["fix.json", "[{", "is no JSON Patch"],
    ["fix.json", '[{"op":"put","path":"/body"}]', "operation 1 has no op"],
    ["fix.json", '[{"op":"remove","path":"/payload/x"}]', "operation 1 (remove /payload/x) doesn't fit"],
  ];
  it.each(FAULTS)("says what is wrong with %s: %s", async (name, content, message) => {
    await put('{"id":1}');
    const edit = path.join(directory.path, `${Math.random()}`.slice(2) + name);
    await writeFile(edit, content);
    await expect(run({ edit })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(message) as string,
    });
    expect(await readAll(engine.clients.sqs, source.url)).toHaveLength(0);
  });

  it("doesn't touch a message with a number that JavaScript would round", async () => {
    await put('{"id":9007199254740993}');
    await writeFile(file("fix.json"), '[{"op":"add","path":"/payload/x","value":1}]');
    await expect(run({ edit: file("fix.json") })).rejects.toMatchObject({
      message: expect.stringContaining("9007199254740993") as string,
    });
  });
});

describe("a replay is refused", () => {
  it("when the queue doesn't exist", async () => {
    await expect(run({ queue: `${dlq.url}-not` })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("--queue: there is no queue") as string,
    });
  });

  it("when the text is no queue URL", async () => {
    await expect(run({ queue: "orders-dlq" })).rejects.toMatchObject({ exitCode: 2 });
  });

  it("when the queue is no dead-letter queue", async () => {
    await engine.clients.sqs.send(new SendMessageCommand({ QueueUrl: source.url, MessageBody: "x" }));
    await expect(run({ queue: source.url })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("isn't a dead-letter queue") as string,
    });
    const plain = await engine.queue("plain");
    await engine.clients.sqs.send(new SendMessageCommand({ QueueUrl: plain.url, MessageBody: "x" }));
    await expect(run({ queue: plain.url })).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("--to") as string,
    });
    expect(await readAll(engine.clients.sqs, plain.url)).toHaveLength(1);
  });

  it("when its target is of the other type", async () => {
    const fifo = await engine.queue("steps.fifo", { FifoQueue: "true" });
    await put("x");
    await expect(run({ to: fifo.url })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("steps.fifo is a FIFO queue and orders-dlq a standard one") as string,
    });
    await expect(run({ queue: fifo.url, to: dlq.url })).rejects.toMatchObject({ exitCode: 2 });
  });

  it("when --where doesn't parse", async () => {
    await expect(run({ where: "cause.errorCode == " })).rejects.toMatchObject({ exitCode: 2 });
  });

  it("without a terminal and without --yes", async () => {
    await put("x");
    await expect(run({}, context({ yes: false }))).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("--yes") as string,
    });
  });
});

it("--dry-run says what would go where, and sends nothing", async () => {
  await putLetters(engine.clients.sqs, dlq.url, 9);
  const result = await run({ dryRun: true, where: "cause.errorCode != 'TRUNCATED_JSON'" });
  expect(result).toMatchObject({ dryRun: true, found: 9, skipped: 3, replayed: 0, ledger: null });
  expect(result.preview).toMatchObject({
    selected: 6,
    destinations: [{ destination: "queue orders", count: 6 }],
  });
  expect(result.preview?.groups.map(({ count }) => count)).toEqual([3, 3]);
  expect(await readAll(engine.clients.sqs, dlq.url)).toHaveLength(9);
});

it("a look at a FIFO queue says that it has not seen all, before a question and in an export", async () => {
  const fifo = await engine.queue("steps-dlq.fifo", { FifoQueue: "true" });
  await engine.queue("steps.fifo", {
    FifoQueue: "true",
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: fifo.arn, maxReceiveCount: 5 }),
  });
  for (let step = 0; step < 15; step++) {
    await engine.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: fifo.url,
        MessageBody: `${step}`,
        MessageGroupId: "g",
        MessageDeduplicationId: `${step}`,
      }),
    );
  }
  expect((await run({ queue: fifo.url, dryRun: true })).preview).toMatchObject({ looked: 10, partial: true });
  const given = context();
  const exported = await run({ queue: fifo.url, exportFile: file("a.ndjson") }, given);
  expect(exported).toMatchObject({ found: 15, exportedCount: 10, failed: 5 });
  expect(given.terminal.stderr).toContain("5 letters could not be seen and are not in the file");
  const passedOver = context();
  expect(await run({ queue: fifo.url, where: "body == `99`" }, passedOver)).toMatchObject({ left: 15 });
  expect(passedOver.terminal.stderr).toContain("5 letters lie behind others of their FIFO group");
});
