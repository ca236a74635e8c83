import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InterruptedError } from "../../src/errors.ts";
import { ingest } from "../../src/ingest/ingest.ts";
import { readManifest } from "../../src/ingest/manifest.ts";
import type { Source, SourceEntity } from "../../src/ingest/source.ts";
import { createSample } from "../../src/ingest/spotify/sample.ts";
import type { Deployment } from "../../src/topology/deployment.ts";
import { testContext } from "../support/context.ts";
import { collect, entityOf, stream } from "../support/entities.ts";
import { type S3Fixture, startS3 } from "../support/s3.ts";
import { temporaryDirectory } from "../support/services.ts";

const BUCKET = "bronze";

let s3: S3Fixture;
let project: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  project = await temporaryDirectory();
  s3 = await startS3();
  await s3.service.createBucket(BUCKET, { versioned: true, eventBridge: true });
});
afterEach(async () => {
  await s3.stop();
  await project.remove();
});

function deployment(endpoint = s3.endpoint): Deployment {
  const addresses = {
    buckets: { bronze: { name: BUCKET } },
    topics: {},
    queues: {},
    functions: {},
    undelivered: { url: "" },
  };
  const topology = { functions: {} };
  return {
    env: "local",
    endpoint,
    region: "us-east-1",
    accountId: "000000000000",
    pipelines: { spotify: { addresses, topology } },
  } as unknown as Deployment;
}

function send(
  source: Source,
  options: {
    directory?: string;
    signal?: AbortSignal;
    out?: string;
    dryRun?: boolean;
    pause?: () => Promise<void>;
  } = {},
) {
  let clock = Date.UTC(2026, 10, 21);
  const context = testContext(options.directory ?? project.path, {
    signal: options.signal ?? new AbortController().signal,
    // Time passes with every look at the clock, so that patience ends.
    now: () => {
      clock += 100;
      return clock;
    },
  });
  const request = {
    pipeline: "spotify",
    source,
    landingBucket: "bronze",
    deployment: options.out === undefined ? deployment() : null,
    out: options.out,
    dryRun: options.dryRun ?? false,
    concurrency: undefined,
    waitSeconds: undefined,
  };
  return ingest(context, request, options.pause);
}

const sourceOf = (...entities: SourceEntity[]): Source => ({
  distinct: false,
  entities: () => stream(...entities),
});
const counts = async (run: ReturnType<typeof send>) => {
  const { accepted, skipped, failed } = (await run).result;
  return { accepted, skipped, failed };
};

async function versions(): Promise<string[]> {
  const { Versions = [] } = await s3.client.send(new ListObjectVersionsCommand({ Bucket: BUCKET }));
  return Versions.map(({ Key }) => Key ?? "");
}

async function stored(key: string): Promise<unknown> {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  return JSON.parse((await Body?.transformToString()) ?? "");
}

const full = entityOf({ id: "a", entity: { name: "full", id: "a" } });
const short = entityOf({ id: "a", entity: { id: "a" }, full: false });

describe("an ingest", () => {
  it("lands canonical JSON with its hash and form in the metadata", async () => {
    await send(sourceOf(full));
    const head = await s3.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: full.key }));
    expect(head.ContentType).toBe("application/json");
    expect(head.Metadata).toMatchObject({
      "edp-sha256": "c9e8d18c9558be6dc0e1dd2b5e0be13e7408d467f40ff2bbefe0412534e33510",
      "edp-full": "true",
    });
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: full.key }));
    expect(await Body?.transformToString()).toBe('{"id":"a","name":"full"}');
  });

  it("lists every accepted version in its manifest", async () => {
    const { result } = await send(createSample(30, 1));
    const { entries } = await readManifest<"objects">(path.join(project.path, String(result.manifest)));
    const listed = await collect(entries);
    expect(listed.map(({ key }) => key).sort()).toEqual(await versions());
    const [entry] = listed;
    const head = await s3.client.send(
      new HeadObjectCommand({ Bucket: BUCKET, Key: entry?.key, VersionId: entry?.versionId ?? "" }),
    );
    expect(head).toMatchObject({ ContentLength: entry?.bytes, Metadata: { "edp-sha256": entry?.sha256 } });
  });

  it("stores nothing when it is run again, with and without its index", async () => {
    const first = await counts(send(createSample(30, 1)));
    expect(first).toMatchObject({ skipped: 0, failed: 0 });
    const nothing = { accepted: 0, skipped: first.accepted, failed: 0 };
    expect(await counts(send(createSample(30, 1)))).toEqual(nothing);
    await rm(path.join(project.path, ".edp", "local", "ingest"), { recursive: true });
    expect(await counts(send(createSample(30, 1)))).toEqual(nothing);
    expect(await versions()).toHaveLength(first.accepted);
  });

  it("believes the bucket and not its index: what was deleted is sent again", async () => {
    const { accepted } = await counts(send(createSample(10, 1)));
    const [key] = await versions();
    await s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
    expect(await counts(send(createSample(10, 1)))).toEqual({
      accepted: 1,
      skipped: accepted - 1,
      failed: 0,
    });
  });

  it("sends everything again to an environment that was destroyed and deployed anew", async () => {
    const { accepted } = await counts(send(createSample(10, 1)));
    await s3.service.removeBucket(BUCKET);
    await s3.service.createBucket(BUCKET, { versioned: true, eventBridge: true });
    expect(await counts(send(createSample(10, 1)))).toEqual({ accepted, skipped: 0, failed: 0 });
  });

  it("sends an entity again that has changed", async () => {
    await send(sourceOf(full));
    const changed = { ...full, entity: { id: "a", name: "new" } };
    expect(await counts(send(sourceOf(changed)))).toEqual({ accepted: 1, skipped: 0, failed: 0 });
    expect(await stored(full.key)).toEqual(changed.entity);
  });

  it("replaces a short form by the full one, and never the other way round", async () => {
    await send(sourceOf(short));
    expect(await counts(send(sourceOf(full)))).toMatchObject({ accepted: 1 });
    expect(await counts(send(sourceOf(short)))).toEqual({ accepted: 0, skipped: 1, failed: 0 });
    // Another machine has no index, only the metadata.
    const elsewhere = await temporaryDirectory();
    expect(await counts(send(sourceOf(short), { directory: elsewhere.path }))).toEqual({
      accepted: 0,
      skipped: 1,
      failed: 0,
    });
    await elsewhere.remove();
    expect(await stored(full.key)).toEqual(full.entity);
  });

  it("stores each object once when two run at the same time", async () => {
    const elsewhere = await temporaryDirectory();
    const runs = await Promise.all([
      send(createSample(40, 1)),
      send(createSample(40, 1), { directory: elsewhere.path }),
    ]);
    await elsewhere.remove();
    const keys = await versions();
    expect(new Set(keys).size).toBe(keys.length);
    expect(runs.map(({ result }) => result.accepted).reduce((a, b) => a + b)).toBe(keys.length);
    for (const { result } of runs) expect(result.accepted + result.skipped).toBe(keys.length);
  });

  it("sends nothing in a dry run and says what it would send", async () => {
    await send(sourceOf(full));
    const other = entityOf({ id: "b" });
    expect(await counts(send(sourceOf(full, other), { dryRun: true }))).toEqual({
      accepted: 1,
      skipped: 1,
      failed: 0,
    });
    expect(await versions()).toEqual([full.key]);
    expect(await readdir(path.join(project.path, ".edp", "local", "runs"))).toHaveLength(1);
  });
});

describe("an ingest that is interrupted", () => {
  it("has everything accepted in the manifest, and the next run completes it", async () => {
    const abort = new AbortController();
    const sample = createSample(60, 1);
    const interrupting: Source = {
      distinct: true,
      async *entities(reject) {
        let count = 0;
        for await (const entity of sample.entities(reject)) {
          if (++count === 50) abort.abort(new InterruptedError());
          yield entity;
        }
      },
    };
    await expect(send(interrupting, { signal: abort.signal })).rejects.toMatchObject({ exitCode: 130 });
    const before = await versions();
    const [run] = await readdir(path.join(project.path, ".edp", "local", "runs"));
    const { entries } = await readManifest<"objects">(
      path.join(project.path, ".edp", "local", "runs", String(run)),
    );
    expect((await collect(entries)).map(({ key }) => key).sort()).toEqual(before);
    const { accepted, skipped } = await counts(send(createSample(60, 1)));
    expect(skipped).toBe(before.length);
    expect(await versions()).toHaveLength(before.length + accepted);
    expect((await collect(sample.entities(() => {}))).length).toBe(before.length + accepted);
  });
});

describe("an ingest into an engine that goes away", () => {
  it("waits for it to come back", async () => {
    let pauses = 0;
    const away = deployment();
    const context = testContext(project.path, { now: () => pauses });
    const { endpoint } = s3;
    // Nothing listens there until the first pauses are over.
    away.endpoint = "http://127.0.0.1:9";
    const request = {
      pipeline: "spotify",
      source: sourceOf(full),
      landingBucket: "bronze",
      deployment: away,
      out: undefined,
      dryRun: false,
      concurrency: undefined,
      waitSeconds: undefined,
    };
    const pause = async () => {
      pauses += 20_000;
    };
    await expect(ingest(context, request, pause)).rejects.toMatchObject({
      exitCode: 7,
      message: expect.stringContaining("does not answer"),
    });
    expect(pauses).toBeGreaterThan(30_000);
    away.endpoint = endpoint;
    expect((await ingest(context, request)).result.accepted).toBe(1);
  });
});

describe("an ingest into a directory", () => {
  it("writes the same files with the same rules, and reads its own output back unchanged", async () => {
    const out = path.join(project.path, "data");
    const first = await counts(send(createSample(20, 1), { out }));
    expect(first.failed).toBe(0);
    expect(await counts(send(createSample(20, 1), { out }))).toEqual({
      accepted: 0,
      skipped: first.accepted,
      failed: 0,
    });
    await send(sourceOf(full), { out });
    expect(await counts(send(sourceOf(short), { out }))).toEqual({ accepted: 0, skipped: 1, failed: 0 });
    expect(await readFile(path.join(out, full.key), "utf8")).toBe('{"id":"a","name":"full"}');
  });

  it("that cannot be made is an input error", async () => {
    await send(sourceOf(full), { out: path.join(project.path, "data") });
    const file = path.join(project.path, "data", full.key);
    await expect(send(sourceOf(full), { out: file })).rejects.toMatchObject({ exitCode: 3 });
  });
});
