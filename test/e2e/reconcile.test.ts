import { writeFile } from "node:fs/promises";
import path from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { IngestResult } from "../../src/ingest/result.ts";
import type { ReconcileResult } from "../../src/reconcile/report.ts";
import type { ReplayResult } from "../../src/replay/types.ts";
import type { AddressBook } from "../../src/topology/deployment.ts";
import { createProject, type Project } from "../support/edp.ts";
import { clientSettings } from "../support/services.ts";
import { track } from "../unit/lambda/function-bench.ts";

const POISON = 150;

let project: Project;
let s3: S3Client;
let sqs: SQSClient;
let addresses: AddressBook;

beforeEach(async () => {
  project = await createProject();
  const { value } = await project.json<{ endpoint: string; pipelines: { spotify: AddressBook } }>(["deploy"]);
  addresses = value.pipelines.spotify;
  const settings = clientSettings(value.endpoint);
  [s3, sqs] = [new S3Client(settings), new SQSClient(settings)];
});
afterEach(() => project.remove());

const dlqUrl = () => addresses.queues.landed?.dlqUrl ?? "";

async function receive() {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: dlqUrl(), MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
  );
  return Messages;
}

async function deadLetters(): Promise<number> {
  const { value } = await project.json<{
    pipelines: { spotify: { queues: { landed: { dlq: { visible: number } } } } };
  }>(["status"]);
  return value.pipelines.spotify.queues.landed.dlq.visible;
}

it("a lost message is missed by name, with exit code 8; what is left is accounted for", async () => {
  const files = ["good", "poison", "lost"].map((id) =>
    track(id, id === "good" ? {} : { duration_ms: "3:25" }),
  );
  const recorded = path.join(project.directory, "recorded.ndjson");
  await writeFile(recorded, files.map((one) => `${JSON.stringify(one)}\n`).join(""));
  const ingested = await project.json<IngestResult>([
    "ingest",
    "spotify",
    "--from",
    recorded,
    "--wait",
    "60",
  ]);
  expect(ingested.value).toMatchObject({ deadLettered: 2, missing: 0 });

  const before = await project.json<ReconcileResult>(["reconcile"]);
  expect([before.exitCode, before.value.deadLettered, before.value.missing]).toEqual([0, 2, 0]);

  const lost = (await receive()).find(({ Body }) => Body?.includes("lost.json"));
  await sqs.send(new DeleteMessageCommand({ QueueUrl: dlqUrl(), ReceiptHandle: lost?.ReceiptHandle }));
  const after = await project.json<ReconcileResult>(["reconcile", ingested.value.runId]);
  expect(after.exitCode).toBe(8);
  expect(after.value).toMatchObject({ missing: 1, deadLettered: 1 });
  expect(after.value.runs).toMatchObject([
    {
      objects: expect.arrayContaining([
        expect.objectContaining({ key: "raw/tracks/lost.json", state: "missing", landed: true }),
      ]),
    },
  ]);

  const { exitCode, stdout } = await project.edp(["reconcile", "--all"]);
  expect(exitCode).toBe(8);
  expect(stdout).toMatch(/missing +raw\/tracks\/lost\.json +still in the bucket/);
  expect(stdout).toMatch(/deadLettered +raw\/tracks\/poison\.json/);
});

it("a replay into a function that still fails ends by itself; nothing is lost, the rest is untouched", async () => {
  const Bucket = addresses.buckets.bronze?.name;
  const keys = Array.from({ length: POISON }, (_, index) => `raw/tracks/p${index}.json`);
  await Promise.all(
    keys.map((Key, index) =>
      s3.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body: JSON.stringify(track(`p${index}`, { duration_ms: "3:25" })),
        }),
      ),
    ),
  );
  while ((await deadLetters()) < POISON) await new Promise(setImmediate);

  const tried = await project.json<ReplayResult>([
    "replay-dlq",
    "spotify",
    "--try-local",
    "--max",
    "5",
    "--yes",
  ]);
  expect(tried.value).toMatchObject({ replayed: 0, trials: expect.any(Array) });
  expect(tried.value.trials?.[0]?.reason).toContain("SCHEMA_MISMATCH at duration_ms");

  const { exitCode, value } = await project.json<ReplayResult>(["replay-dlq", "spotify", "--yes"]);
  expect(exitCode).toBe(8);
  expect(value.verified?.stopped).toMatch(/died again, more than 20 %/);
  expect(value.verified).toMatchObject({ deadAgain: value.replayed, processed: 0, unconfirmed: 0 });
  expect(value.replayed).toBeLessThan(POISON);
  expect(await deadLetters()).toBe(POISON);
});
