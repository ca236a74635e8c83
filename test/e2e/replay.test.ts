import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queueDepth } from "../../src/aws/queues.ts";
import type { ReplayResult } from "../../src/replay/types.ts";
import { contentOf, letterAttributes, letterBody, putLetters, readAll } from "../support/dead-letters.ts";
import { createProject, type Project } from "../support/edp.ts";
import { type Moto, motoAvailable, startMoto } from "../support/moto.ts";
import { clientSettings } from "../support/services.ts";
import { track } from "../unit/lambda/function-bench.ts";

/** Letters of each test with a kill; `EDP_TEST_LETTERS=9999` runs them at full size. moto takes 50 ms a request. */
const LETTERS = {
  engine: Number(process.env.EDP_TEST_LETTERS ?? 900),
  moto: Number(process.env.EDP_TEST_LETTERS ?? 150),
};
const WHERE = "cause.errorCode == 'OBJECT_NOT_FOUND'";

interface Status {
  endpoint: string;
  pipelines: {
    spotify: {
      buckets: { bronze: { name: string } };
      queues: { landed: { dlqUrl: string } };
      functions: { "to-parquet": { logGroup: string } };
    };
  };
}

let project: Project;
let moto: Moto | undefined;

beforeAll(async () => {
  project = await createProject();
  const deployed = await project.edp(["deploy", "--yes"]);
  if (deployed.exitCode !== 0) throw new Error(String(deployed.stderr));
  if (motoAvailable()) moto = await startMoto();
});

afterAll(async () => {
  await moto?.stop();
  await project?.remove();
});

/** A dead-letter queue and the queue it serves, at an endpoint. */
async function queues(endpoint: string, name: string) {
  const sqs = new SQSClient(clientSettings(endpoint));
  const create = async (QueueName: string, Attributes?: Record<string, string>) =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? "";
  const dlq = await create(`${name}-dlq`);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: dlq, AttributeNames: ["QueueArn"] }),
  );
  const queue = await create(name, {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: 5 }),
  });
  const depth = async (QueueUrl: string) => {
    const answer = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }),
    );
    return Number(answer.Attributes?.ApproximateNumberOfMessages);
  };
  return { sqs, dlq, queue, depth };
}

async function engineEndpoint(): Promise<string> {
  const { value } = await project.json<{ endpoint: string }>(["status"]);
  return value.endpoint;
}

const sides: ["engine" | "moto", () => Promise<string>][] = [["engine", engineEndpoint]];
if (motoAvailable()) sides.push(["moto", async () => moto?.endpoint ?? ""]);

describe.concurrent.each(sides)("edp replay-dlq on %s", (name, endpointOf) => {
  const letters = LETTERS[name];
  const selected = letters / 3;

  it("replays one cause of three, each message exactly once and byte for byte", async () => {
    const { sqs, dlq, queue, depth } = await queues(await endpointOf(), `${name}-clean`);
    await putLetters(sqs, dlq, letters);
    const args = ["replay-dlq", "--queue", dlq, "--where", WHERE, "--yes", "--no-verify"];
    const { exitCode, value } = await project.json<ReplayResult>(args);
    expect(exitCode).toBe(0);
    expect(value).toMatchObject({
      found: letters,
      replayed: selected,
      skipped: 2 * selected,
      failed: 0,
    });
    expect(await depth(dlq)).toBe(2 * selected);
    const arrived = (await readAll(sqs, queue)).map(contentOf);
    const expected = Array.from({ length: selected }, (_, n) => n * 3 + 1).map((index) => {
      const { body, attributes } = contentOf({
        Body: letterBody(index),
        MessageAttributes: letterAttributes(index),
      });
      return { body, attributes: { ...attributes, "edp-replay-count": ["Number", "1"] } };
    });
    const byBody = (a: { body: string }, b: { body: string }) => (a.body < b.body ? -1 : 1);
    expect(arrived.map(({ body, attributes }) => ({ body, attributes })).sort(byBody)).toEqual(
      expected.sort(byBody),
    );
  });

  it("loses nothing when it is killed, and goes on when it is run again", async () => {
    const { sqs, dlq, queue, depth } = await queues(await endpointOf(), `${name}-killed`);
    await putLetters(sqs, dlq, letters);
    const args = ["replay-dlq", "--queue", dlq, "--where", WHERE, "--yes", "--no-verify"];
    const killed = project.edp([...args, "--rate", String(selected)]);
    while ((await depth(queue)) < letters / 12) await wait(10);
    killed.kill("SIGKILL");
    expect((await killed).signal).toBe("SIGKILL");
    const sentBefore = await depth(queue);
    expect(sentBefore).toBeLessThan(selected);

    const { exitCode, value } = await project.json<ReplayResult>(args);
    expect(exitCode).toBe(0);
    const bodies = (await readAll(sqs, queue)).map(({ Body = "" }) => Body);
    const wanted = Array.from({ length: selected }, (_, n) => letterBody(n * 3 + 1));
    expect(wanted.filter((body) => !bodies.includes(body))).toEqual([]);
    // Only what was just being sent when the kill came may be there twice.
    expect(bodies.length - wanted.length).toBeLessThanOrEqual(value.maybeDoubled);
    expect(await depth(dlq)).toBe(2 * selected);
  });
});

describe("edp replay-dlq", () => {
  it("at Ctrl-C ends with 130, and the same command goes on", async () => {
    const { sqs, dlq, queue, depth } = await queues(await engineEndpoint(), "interrupted");
    await putLetters(sqs, dlq, 300);
    const args = ["replay-dlq", "--queue", dlq, "--yes", "--no-verify"];
    const interrupted = project.edp([...args, "--rate", "100/s"]);
    while ((await depth(queue)) < 50) await wait(10);
    interrupted.kill("SIGINT");
    const { exitCode, stderr } = await interrupted;
    expect(exitCode).toBe(130);
    expect(stderr).toContain("every other letter is where it was");
    const sent = await depth(queue);
    expect(await depth(dlq)).toBe(300 - sent);
    expect((await project.json<ReplayResult>(args)).value).toMatchObject({
      replayed: 300 - sent,
      alreadySent: 0,
    });
    expect(new Set((await readAll(sqs, queue)).map(({ Body }) => Body)).size).toBe(300);
    const ledgers = path.join(project.directory, ".edp", "local", "replays");
    const both = (await readdir(ledgers)).sort().slice(-2);
    for (const file of both) {
      const lines = (await readFile(path.join(ledgers, file), "utf8")).trimEnd().split("\n");
      expect(lines.at(-1), file).toContain('"t":"end"');
    }
  });

  it("selects by a cause that only the function's log tells", async () => {
    const { endpoint, pipelines } = (await project.json<Status>(["status"])).value;
    const { queues: own, functions } = pipelines.spotify;
    const settings = clientSettings(endpoint);
    const [sqs, logs] = [new SQSClient(settings), new CloudWatchLogsClient(settings)];
    const QueueUrl = own.landed.dlqUrl;
    const send = async (MessageBody: string) =>
      (await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }))).MessageId ?? "";
    const [down] = [await send("of a service that was down"), await send("of something else")];
    const stream = {
      logGroupName: functions["to-parquet"].logGroup,
      logStreamName: "2026/11/21/[$LATEST]replay",
    };
    await logs.send(new CreateLogStreamCommand(stream));
    const message = JSON.stringify({ level: "ERROR", errorCode: "UPSTREAM_DOWN", messageId: down });
    await logs.send(new PutLogEventsCommand({ ...stream, logEvents: [{ timestamp: Date.now(), message }] }));
    const where = ["--where", "cause.errorCode == 'UPSTREAM_DOWN'"];
    const dryRun = await project.json<ReplayResult>(["replay-dlq", "spotify", ...where, "--dry-run"]);
    expect(dryRun.value.preview).toMatchObject({ looked: 2, selected: 1 });
    const args = ["replay-dlq", "spotify", ...where, "--yes", "--no-verify"];
    expect((await project.json<ReplayResult>(args)).value).toMatchObject({
      found: 2,
      replayed: 1,
      skippedBecause: { filter: 1 },
    });
    // It dies again, of not being JSON.
    while ((await queueDepth(sqs, QueueUrl))?.visible !== 2) await wait(50);
    await project.edp(["purge", "spotify", "--yes"]);
  });

  it("tries locally what an edit makes of a letter", async () => {
    const { endpoint, pipelines } = (await project.json<Status>(["status"])).value;
    const { queues: own, buckets } = pipelines.spotify;
    const settings = clientSettings(endpoint);
    const [sqs, s3] = [new SQSClient(settings), new S3Client(settings)];
    const put = async (Key: string, Body: string) =>
      (await s3.send(new PutObjectCommand({ Bucket: buckets.bronze.name, Key, Body }))).VersionId ?? "";
    const version = await put("raw/tracks/good.json", JSON.stringify(track("good")));
    await put("raw/tracks/torn.json", '{"id":"torn","type":"tra');
    while ((await queueDepth(sqs, own.landed.dlqUrl))?.visible !== 1) await wait(50);
    const args = ["replay-dlq", "spotify", "--try-local", "--yes", "--no-verify"];
    expect((await project.json<ReplayResult>(args)).value).toMatchObject({ replayed: 0, skipped: 1 });
    const at = "/payload/detail/object";
    const patch = [
      { op: "replace", path: `${at}/key`, value: "raw/tracks/good.json" },
      { op: "replace", path: `${at}/version-id`, value: version },
    ];
    await writeFile(path.join(project.directory, "fix.json"), JSON.stringify(patch));
    expect((await project.json<ReplayResult>([...args, "--edit", "fix.json"])).value).toMatchObject({
      replayed: 1,
      failed: 0,
    });
    expect((await queueDepth(sqs, own.landed.dlqUrl))?.visible).toBe(0);
  });

  it("needs --yes where there is no terminal, and asks nothing of an empty queue", async () => {
    const { sqs, dlq } = await queues(await engineEndpoint(), "asked");
    const empty = await project.edp(["replay-dlq", "--queue", dlq]);
    expect(empty).toMatchObject({ exitCode: 0, stdout: "No dead letters." });
    await putLetters(sqs, dlq, 3);
    const { exitCode, stdout, stderr } = await project.edp(["replay-dlq", "--queue", dlq]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain("asked-dlq: 3 dead letters");
    expect(stderr).toContain("--yes");
  });

  it("says what flags exclude each other", async () => {
    const refused = [
      ["--queue", "http://127.0.0.1:1/0/q", "spotify"],
      ["--to", "http://127.0.0.1:1/0/q"],
      ["--native", "--where", "body"],
      ["--export", "a", "--import", "b"],
      ["--dry-run", "--try-local"],
      ["--rate", "fast"],
      ["--max", "0"],
    ];
    for (const args of refused) {
      const { exitCode, value } = await project.json<{ error: { code: string } }>(["replay-dlq", ...args]);
      expect({ args, exitCode, code: value.error.code }).toEqual({ args, exitCode: 2, code: "USAGE" });
    }
  });
});
