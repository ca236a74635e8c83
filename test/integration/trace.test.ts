import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLetter } from "../../src/dead-letters/letter.ts";
import { renderTrace } from "../../src/trace/render.ts";
import { trace } from "../../src/trace/trace.ts";
import type { Trace } from "../../src/trace/types.ts";
import { type Deployed, startDeployed } from "../support/deployed.ts";
import { track } from "../unit/lambda/function-bench.ts";

const GOOD = "raw/tracks/good.json";
const BAD = "raw/tracks/bad.json";

let deployed: Deployed;
let goodVersion: string;
let badVersion: string;
let fixedVersion: string;

const follow = (subject: string) =>
  trace(
    deployed.deployment,
    { subject, pipelines: [], version: undefined, since: Date.now() - 3_600_000 },
    deployed.context(),
  );

const kinds = ({ steps }: Trace) => steps.map(({ kind }) => kind);

const outcome = async (key: string) => (await follow(key)).traces.at(-1)?.outcome;

beforeAll(async () => {
  deployed = await startDeployed();
  goodVersion = await deployed.land(GOOD, JSON.stringify(track("good")));
  badVersion = await deployed.land(BAD, JSON.stringify({ ...track("bad"), duration_ms: "3:25" }));
  await deployed.deadLetters(1);
  await deployed.until(async () => (await outcome(GOOD)) === "processed");
});
afterAll(() => deployed.close());

describe("an object that became rows", () => {
  test("is followed from its put to its row", async () => {
    const { traces, notSeen } = await follow(GOOD);
    expect(traces).toMatchObject([{ outcome: "processed", version: goodVersion, pipeline: "spotify" }]);
    const [only] = traces;
    if (!only) throw new Error("no trace");
    expect(kinds(only)).toEqual(["put", "event", "queue", "attempt", "output"]);
    expect(only.steps.at(-1)?.text).toMatch(/^1 row in s3:\/\/.*\.parquet$/);
    expect(only.durable).toMatchObject({ kind: "output", rows: 1 });
    expect(notSeen).toEqual([expect.stringContaining("the SNS topic")]);
  });

  test("is found by the id of its message and of its event, and by its URL", async () => {
    const { traces } = await follow(GOOD);
    const steps = traces[0]?.steps ?? [];
    const messageId = steps.find(({ kind }) => kind === "queue")?.messageId ?? "";
    const eventId = steps.find(({ kind }) => kind === "event")?.text.replace("EventBridge event ", "") ?? "";
    for (const subject of [messageId, eventId, `s3://${deployed.bronze}/${GOOD}`]) {
      expect((await follow(subject)).traces, subject).toMatchObject([{ key: GOOD, version: goodVersion }]);
    }
  });
});

test("an object at fault is followed into the dead-letter queue, with its cause and its notification", async () => {
  const { traces, notSeen } = await follow(BAD);
  expect(traces).toMatchObject([{ outcome: "deadLettered", version: badVersion }]);
  expect(traces.map(kinds)).toEqual([["put", "event", "topic", "queue", "attempt", "dead letter"]]);
  expect(traces[0]?.steps.at(-1)?.text).toMatch(/landed-dlq: SCHEMA_MISMATCH at duration_ms: .*"3:25"/);
  expect(notSeen).toEqual([]);
});

test("an object that was corrected and replayed shows both versions and the replay", async () => {
  const { sqs } = deployed.clients;
  fixedVersion = await deployed.land(BAD, JSON.stringify(track("bad")));
  await deployed.until(async () => (await outcome(BAD)) === "processed");
  const { Messages: [message] = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: deployed.dlqUrl, MessageAttributeNames: ["All"] }),
  );
  if (!message) throw new Error("no dead letter");
  expect(readLetter(message).source.version).toBe(badVersion);
  const { MessageId } = await sqs.send(
    new SendMessageCommand({
      QueueUrl: deployed.queueUrl,
      MessageBody: message.Body,
      MessageAttributes: message.MessageAttributes,
    }),
  );
  await sqs.send(
    new DeleteMessageCommand({ QueueUrl: deployed.dlqUrl, ReceiptHandle: message.ReceiptHandle }),
  );
  await deployed.until(async () => (await follow(BAD)).traces[0]?.outcome === "rejected");

  const { traces } = await follow(BAD);
  expect(traces.map(({ version, outcome: end }) => [version, end])).toEqual([
    [badVersion, "rejected"],
    [fixedVersion, "processed"],
  ]);
  const [rejected] = traces;
  if (!rejected) throw new Error("no trace");
  expect(kinds(rejected)).toEqual([
    "put",
    "event",
    "queue",
    "attempt",
    "dead letter",
    "replay",
    "attempt",
    "rejected",
  ]);
  expect(rejected.steps.find(({ kind }) => kind === "replay")?.messageId).toBe(MessageId);
  expect(rejected.steps.at(-1)?.text).toContain(fixedVersion);
});

test("a message about no object is found in the dead-letter queue", async () => {
  const { MessageId = "" } = await deployed.clients.sqs.send(
    new SendMessageCommand({ QueueUrl: deployed.dlqUrl, MessageBody: "by hand" }),
  );
  const { traces } = await follow(MessageId);
  expect(traces).toMatchObject([{ key: null, outcome: "deadLettered" }]);
});

test("what nothing knows ends with exit code 8 and says where it looked", async () => {
  await expect(follow("raw/tracks/nowhere.json")).rejects.toMatchObject({
    code: "NOTHING_FOUND",
    exitCode: 8,
    message: expect.stringContaining("no dead letter"),
  });
});

test("the view for people has one line a station, and no control character", async () => {
  const key = "raw/tracks/\u001b[2Jodd\n.json";
  await deployed.land(key, "{");
  await deployed.until(async () => (await outcome(key)) === "deadLettered");
  const context = deployed.context();
  renderTrace(await follow(key), context.terminal);
  expect(context.terminal.stdout).toMatch(/ {2}put {10}/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is tested
  expect(context.terminal.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
