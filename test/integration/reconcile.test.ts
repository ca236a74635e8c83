import { appendFile, mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { DeleteMessageCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clients, createClients } from "../../src/aws/clients.ts";
import type { Context } from "../../src/context.ts";
import { type ManifestEntry, manifestPath } from "../../src/ingest/manifest.ts";
import { listProcessed } from "../../src/reconcile/outputs.ts";
import { reconcileRun } from "../../src/reconcile/reconcile.ts";
import { type Deployed, startDeployed } from "../support/deployed.ts";
import { entityOf } from "../support/entities.ts";
import { track } from "../unit/lambda/function-bench.ts";

let engine: Deployed;
let clients: Clients;
let context: Context;
let runs = 0;

beforeAll(async () => {
  engine = await startDeployed();
  context = engine.context();
  clients = createClients(engine.deployment, context);
});
afterAll(async () => {
  clients.close();
  await engine.close();
});

const reconcile = (runId: string) => reconcileRun(context, runId, { deployment: engine.deployment, clients });

interface RunSettings {
  bucket?: string | null;
  pipeline?: string;
  /** The closing line; null leaves it out. */
  closing?: object | null;
}

/** Writes the manifest of a run that has landed these entries. */
async function runOf(entries: Pick<ManifestEntry, "key" | "versionId">[], settings: RunSettings = {}) {
  const { bucket = engine.bronze, pipeline = "spotify", closing = {} } = settings;
  const runId = `20261121T0300${String(++runs).padStart(2, "0")}Z-aaaaaa`;
  const file = manifestPath(context.directory, context.env, runId);
  const startedAt = new Date(Date.now() - 60_000).toISOString();
  const header = { runId, pipeline, startedAt, bucket, ...(bucket === null ? { directory: "/data" } : {}) };
  const totals = {
    finishedAt: new Date().toISOString(),
    accepted: entries.length,
    interrupted: false,
    ...closing,
  };
  const lines = [header, ...entries.map((entry) => ({ ...entry, sha256: "", bytes: 1 }))];
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  if (closing !== null) await appendFile(file, `${JSON.stringify(totals)}\n`);
  return { runId, file };
}

async function land(id: string, entity: object) {
  const { key } = entityOf({ id });
  return { key, versionId: await engine.land(key, JSON.stringify(entity)) };
}

const processed = (...keys: string[]) =>
  engine.until(async () => {
    const found = [...(await listProcessed(engine.clients.s3, engine.staging)).keys()];
    return keys.every((key) => found.some((id) => id.startsWith(`${key}\0`)));
  });

/** Deletes a message from the dead-letter queue by hand. */
async function loseMessage(key: string): Promise<void> {
  const { Messages = [] } = await engine.clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: engine.dlqUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
  );
  const found = Messages.find(({ Body }) => Body?.includes(key));
  if (!found) throw new Error(`no dead letter is about ${key}`);
  await engine.clients.sqs.send(
    new DeleteMessageCommand({ QueueUrl: engine.dlqUrl, ReceiptHandle: found.ReceiptHandle }),
  );
}

describe("reconciling a run", () => {
  it("names the output, the reason, the queue, or the object that is missing", async () => {
    const bad = { duration_ms: "3:25" };
    const good = await land("good", track("good"));
    const dead = await land("dead", track("dead", bad));
    const lost = await land("lost", track("lost", bad));
    await engine.deadLetters(2);
    await processed(good.key);
    await loseMessage(lost.key);
    const { runId } = await runOf([good, dead, lost]);
    const report = await reconcile(runId);
    expect(report).toMatchObject({
      accepted: 3,
      processed: 1,
      rejected: 0,
      deadLettered: 1,
      missing: 1,
      outputs: 1,
    });
    expect(report).toHaveProperty("objects", [
      {
        ...good,
        state: "processed",
        output: expect.stringContaining(`s3://${engine.staging}/dataset=tracks/`),
      },
      {
        ...dead,
        state: "deadLettered",
        queue: engine.dlqUrl,
        messageId: expect.any(String),
        errorCode: "SCHEMA_MISMATCH",
        path: "duration_ms",
        message: 'expected integer, got string "3:25"',
      },
      { ...lost, state: "missing", landed: true },
    ]);
    expect(report.notes).toEqual([expect.stringContaining("1 missing object still in")]);
  });

  it("finds outputs that came long after the run by their claims", async () => {
    const late = await land("late", track("late"));
    await processed(late.key);
    const { runId, file } = await runOf([late]);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(/"startedAt":"[^"]+"/, '"startedAt":"2020-01-01T00:00:00.000Z"'));
    await utimes(file, new Date("2020-01-01"), new Date("2020-01-01"));
    expect(await reconcile(runId)).toMatchObject({ processed: 1, missing: 0 });
  });

  it("lists the claims where much is open, and finds those that exist", async () => {
    const found = await land("found", track("found"));
    await processed(found.key);
    const absent = Array.from({ length: 600 }, (_, index) => ({
      key: `raw/tracks/absent${index}.json`,
      versionId: "v",
    }));
    const { runId, file } = await runOf([...absent, found]);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(/"startedAt":"[^"]+"/, '"startedAt":"2020-01-01T00:00:00.000Z"'));
    await utimes(file, new Date("2020-01-01"), new Date("2020-01-01"));
    expect(await reconcile(runId)).toMatchObject({ accepted: 601, processed: 1, missing: 600 });
  });

  it("works for a run that was killed or interrupted, and says so", async () => {
    const one = await land("one", track("one"));
    await processed(one.key);
    const killed = await runOf([one], { closing: null });
    await appendFile(killed.file, '{"key":"raw/tracks/tor');
    expect(await reconcile(killed.runId)).toMatchObject({
      accepted: 1,
      processed: 1,
      finishedAt: null,
      notes: [expect.stringContaining("no closing line")],
    });
    const interrupted = await runOf([one], { closing: { interrupted: true } });
    expect(await reconcile(interrupted.runId)).toMatchObject({
      interrupted: true,
      notes: [expect.stringContaining("interrupted")],
    });
  });

  it("counts an object once that the manifest lists twice", async () => {
    const twice = await land("twice", track("twice"));
    await processed(twice.key);
    const { runId } = await runOf([twice, twice]);
    expect(await reconcile(runId)).toMatchObject({ accepted: 1, processed: 1 });
  });

  it("tells missing objects from those that may be on their way", async () => {
    const { SendMessageCommand } = await import("@aws-sdk/client-sqs");
    const { runId } = await runOf([
      await land("known", track("known")),
      { key: "raw/tracks/no.json", versionId: "v" },
    ]);
    await processed("raw/tracks/known.json");
    await engine.clients.sqs.send(
      new SendMessageCommand({ QueueUrl: engine.queueUrl, MessageBody: "{}", DelaySeconds: 60 }),
    );
    const report = await reconcile(runId);
    expect(report).toMatchObject({ processed: 1, missing: 1, underWay: [{ delayed: 1 }, {}] });
    expect(report.notes).toContainEqual(expect.stringMatching(/still holds 1 messages.*on their way/));
    expect(report).toHaveProperty("objects[1]", expect.objectContaining({ state: "missing", landed: false }));
  });
});

describe("a run that this environment can tell nothing of", () => {
  const object = { key: "raw/tracks/x.json", versionId: "v" };
  it.each([
    ["wrote files", { bucket: null }, "NOTHING_TO_RECONCILE", "wrote files to /data"],
    ["is of a pipeline that is gone", { pipeline: "gone" }, "RUN_OF_ANOTHER_ENVIRONMENT", "pipeline gone"],
    ["landed in another bucket", { bucket: "elsewhere" }, "RUN_OF_ANOTHER_ENVIRONMENT", "bucket elsewhere"],
    ["was destroyed since, with every object", {}, "RUN_GONE", "destroyed or purged"],
  ])("because it %s says so", async (_why, settings, code, message) => {
    const { runId } = await runOf([object], settings);
    await expect(reconcile(runId)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });
});
