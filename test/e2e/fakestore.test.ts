import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, it } from "vitest";
import { outgoingEvents } from "../../src/ingest/fakestore/event.ts";
import { openInput } from "../../src/ingest/fakestore/input.ts";
import { type EventsOrigin, readManifest } from "../../src/ingest/manifest.ts";
import { systemPause } from "../../src/ingest/pause.ts";
import type { IngestResult } from "../../src/ingest/result.ts";
import type { ReconcileResult } from "../../src/reconcile/report.ts";
import type { AddressBook } from "../../src/topology/deployment.ts";
import { testContext } from "../support/context.ts";
import { createProject, type Project } from "../support/edp.ts";
import { collect } from "../support/entities.ts";
import { type LakeEvent, lakeEvents } from "../support/lake.ts";
import { clientSettings } from "../support/services.ts";

/** `EDP_E2E_EVENTS=100000` takes half a minute; the rate only makes few events last long enough to be interrupted. */
const EVENTS = Number(process.env.EDP_E2E_EVENTS ?? 2_000);
const RATE = EVENTS > 10_000 ? [] : ["--rate", "1000/s"];

let project: Project;
let lake: { s3: S3Client; bucket: string };

beforeEach(async () => {
  project = await createProject();
  const deployed = await project.json<{ endpoint: string; pipelines: { fakestore: AddressBook } }>([
    "deploy",
    "fakestore",
  ]);
  const bucket = deployed.value.pipelines.fakestore.buckets.lake?.name ?? "";
  lake = { s3: new S3Client(clientSettings(deployed.value.endpoint)), bucket };
});
afterEach(() => project.remove());

const runs = () => path.join(project.directory, ".edp", "local", "runs");

/** The manifest that came last; ids of runs tell this to the second only. */
async function newestManifest(): Promise<string> {
  const names = await readdir(runs()).catch(() => []);
  const files = names.filter((name) => !name.includes("rejects")).map((name) => path.join(runs(), name));
  const ages = await Promise.all(files.map(async (file) => ({ file, born: (await stat(file)).birthtimeMs })));
  return ages.sort((a, b) => a.born - b.born).at(-1)?.file ?? "none";
}

/** Resolves when the API has answered so many batches. */
async function answered(batches: number): Promise<void> {
  for (;;) {
    const text = await readFile(await newestManifest(), "utf8").catch(() => "");
    if (text.split('"unanswered"').length > batches) return;
    await pause(20);
  }
}

/** What the run of a manifest has to have sent, made anew from its seed. */
async function expected(manifest: string): Promise<Omit<LakeEvent, "partition">[]> {
  const { header, entries } = await readManifest(manifest);
  await entries[Symbol.asyncIterator]().return?.();
  const origin = header.events as EventsOrigin;
  const { source } = await openInput(testContext(project.directory), origin, systemPause);
  const events = await collect(outgoingEvents(source, origin.idPrefix, () => {}));
  return events.map(({ json }) => JSON.parse(json));
}

/** Events of the lake as an independent reader sees them: each once, and how many are there once more. */
async function inLake() {
  const directory = path.join(project.directory, "lake");
  await mkdir(directory, { recursive: true });
  const all = await lakeEvents(lake.s3, lake.bucket, directory);
  for (const { type, partition } of all) expect(partition).toBe(`type=${type}`);
  const once = new Map(all.map(({ partition: _partition, ...event }) => [event.eventId, event]));
  return { events: [...once.values()], repeated: all.length - once.size };
}

it("every event is in the lake with its exact content, though the engine is killed while they are sent", async () => {
  const ingest = project.json<IngestResult>([
    ...["ingest", "fakestore", "--sample", "--events", String(EVENTS), "--seed", "7", "--wait", "120"],
    ...RATE,
  ]);
  await answered(EVENTS / 100 / 3);
  process.kill(await project.enginePid(), "SIGKILL");
  await pause(1_000);
  expect((await project.edp(["deploy", "fakestore"])).exitCode).toBe(0);

  const { exitCode, value } = await ingest;
  expect(exitCode).toBe(0);
  expect(value).toMatchObject({ accepted: EVENTS, processed: EVENTS, missing: 0, failed: 0 });
  const { events, repeated } = await inLake();
  expect(events).toEqual(await expected(path.join(project.directory, String(value.manifest))));
  // Only what the client had to send again can be there twice.
  expect(repeated).toBeLessThanOrEqual(value.sending?.resent ?? 0);
  expect(repeated).toBe(value.duplicates);

  const proof = await project.json<ReconcileResult>(["reconcile"]);
  expect(proof.exitCode).toBe(0);
  expect(proof.value).toMatchObject({ accepted: EVENTS, processed: EVENTS, missing: 0 });
  if (EVENTS > 10_000)
    process.stderr.write(`${JSON.stringify({ ...value.sending, seconds: value.seconds, repeated })}\n`);
});

it("a client that is killed has written down what it sent; --resume sends the rest with the same ids", async () => {
  const started = project.edp(["ingest", "fakestore", "--sample", "600", "--rate", "300/s", "--batch", "50"]);
  await answered(3);
  started.kill("SIGKILL");
  await started;
  const first = await newestManifest();
  const killed = await project.json<ReconcileResult>(["reconcile", path.basename(first, ".ndjson")]);
  expect(killed.value.runs[0]).toMatchObject({ finishedAt: null });

  const rest = await project.json<IngestResult>([
    "ingest",
    "fakestore",
    "--resume",
    "--rate",
    "5000",
    "--wait",
    "60",
  ]);
  expect(rest).toMatchObject({ exitCode: 0, value: { missing: 0, failed: 0 } });
  expect(rest.value.accepted + rest.value.skipped).toBe(600);
  expect((await inLake()).events).toEqual(await expected(first));
  const proof = await project.json<ReconcileResult>(["reconcile", "--all"]);
  expect(proof).toMatchObject({ exitCode: 0, value: { missing: 0 } });
});

it("refused events, a wrong key and Ctrl-C end with their exit codes, and a closed tally", async () => {
  const file = path.join(project.directory, "events.ndjson");
  const good = {
    type: "user",
    data: { id: 1, email: "a@example.com", username: "a", name: { firstname: "Å", lastname: "b" } },
  };
  const bad = { type: "product", data: { id: 1, title: "t", price: "12.50", category: "c" } };
  await writeFile(file, `${JSON.stringify(good)}\n${JSON.stringify(bad)}\n`);
  const mixed = await project.json<IngestResult>(["ingest", "fakestore", "--from", file, "--wait", "60"]);
  expect(mixed).toMatchObject({ exitCode: 6, value: { accepted: 1, processed: 1, failed: 1 } });
  expect(mixed.value.failures[0]?.reason).toMatch(/^data\.price: /);

  const key = "0123456789-not-this-one";
  const refused = await project.edp(["ingest", "fakestore", "--sample", "10"], { env: { EDP_API_KEY: key } });
  expect(refused.exitCode).toBe(4);
  expect(refused.stderr).toContain("EDP_API_KEY is set");
  expect(refused.stderr).not.toContain(key);

  const before = await newestManifest();
  const endless = project.edp(["ingest", "fakestore", "--sample", "--duration", "60s", "--rate", "200/s"]);
  while ((await newestManifest()) === before) await pause(20);
  await answered(2);
  endless.kill("SIGINT");
  expect((await endless).exitCode).toBe(130);
  const runId = path.basename(await newestManifest(), ".ndjson");
  const proof = await project.json<ReconcileResult>(["reconcile", runId]);
  expect(proof.value.runs[0]).toMatchObject({ interrupted: true, figures: { unanswered: 0 } });
  expect(proof.value.accepted).toBe(proof.value.processed + proof.value.missing);
});
