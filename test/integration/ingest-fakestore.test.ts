import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { DeleteBucketCommand } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClients } from "../../src/aws/clients.ts";
import { InterruptedError } from "../../src/errors.ts";
import { ingestEvents } from "../../src/ingest/fakestore/ingest-events.ts";
import type { EventsRequest } from "../../src/ingest/fakestore/run.ts";
import { type IngestResult, ingestExitCode } from "../../src/ingest/result.ts";
import { reconcileRun } from "../../src/reconcile/reconcile.ts";
import type { Deployment } from "../../src/topology/deployment.ts";
import { testContext } from "../support/context.ts";
import { API_KEY, type FakeEventsApi, startEventsApi } from "../support/fake-events-api.ts";
import { type FakeStoreServer, startFakeStore } from "../support/fake-store.ts";
import { type Messaging, startMessaging } from "../support/messaging.ts";
import { type S3Fixture, startS3 } from "../support/s3.ts";
import { temporaryDirectory } from "../support/services.ts";
import { recordTerminal } from "../support/terminal.ts";

const LAKE = "lake";

let s3: S3Fixture;
let api: FakeEventsApi;
let store: FakeStoreServer;
let messaging: Messaging;
let undelivered: string;
let project: Awaited<ReturnType<typeof temporaryDirectory>>;
/** Milliseconds of every pause, in order. */
let pauses: number[];

beforeEach(async () => {
  [s3, api, store, messaging, project] = await Promise.all([
    startS3(),
    startEventsApi(),
    startFakeStore(),
    startMessaging(),
    temporaryDirectory(),
  ]);
  ({ url: undelivered } = await messaging.queue("undelivered"));
  await s3.service.createBucket(LAKE, { versioned: true, eventBridge: false });
  pauses = [];
});
afterEach(async () => {
  await Promise.all([s3.stop(), messaging.close(), api.close(), store.close(), project.remove()]);
});

function deployment(): Deployment {
  const time = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/";
  const to = {
    bucket: "lake",
    prefix: `events/type=!{partitionKeyFromQuery:type}/${time}`,
    errorPrefix: "errors/!{firehose:error-output-type}/",
  };
  const addresses = {
    buckets: { lake: { name: LAKE } },
    queues: {},
    apis: { store: { url: api.url, apiKeyId: "k" } },
    undelivered: { url: undelivered },
  };
  const topology = { name: "fakestore", functions: {}, deliveries: { events: { to, bufferSeconds: 60 } } };
  return {
    env: "local",
    endpoint: s3.endpoint,
    region: "us-east-1",
    pipelines: { fakestore: { addresses, topology } },
  } as unknown as Deployment;
}

function contextOf(options: { signal?: AbortSignal; key?: string; now?: () => number } = {}) {
  return testContext(project.path, {
    terminal: recordTerminal(),
    now: options.now ?? Date.now,
    signal: options.signal ?? new AbortController().signal,
    variables: { EDP_API_KEY: options.key ?? API_KEY, EDP_FAKESTORE_URL: store.url },
  });
}

type Options = Partial<EventsRequest> & {
  context?: ReturnType<typeof contextOf>;
  /** What happens instead of a pause. */
  meanwhile?: () => Promise<void> | void;
};

function send({
  context = contextOf(),
  meanwhile = () => {},
  ...request
}: Options = {}): Promise<IngestResult> {
  return ingestEvents(
    context,
    {
      input: { kind: "sample", count: 50 },
      seed: 1,
      rate: null,
      durationSeconds: null,
      batch: 10,
      concurrency: 2,
      waitSeconds: null,
      dryRun: false,
      ...request,
    },
    deployment(),
    async (ms) => {
      pauses.push(ms);
      await meanwhile();
    },
  );
}

async function reconcile(runId: string) {
  const [context, target] = [contextOf(), deployment()];
  const clients = { ...createClients(target, context), sqs: async () => messaging.clients.sqs };
  try {
    return await reconcileRun(context, runId, { deployment: target, clients });
  } finally {
    clients.close();
  }
}

const throttle = (times: number, headers = {}) => {
  for (let left = times; left > 0; left--) {
    api.faults.push(() => ({ status: 429, body: { message: "Too Many Requests" }, headers }));
  }
};
const ids = () => api.stream.map(({ eventId }) => eventId);
const unique = (list: readonly string[]) => [...new Set(list)].sort();

describe("posting events", () => {
  it("sends each once, and waits until all are in the lake", async () => {
    const deliver = () => api.deliver(s3.client, LAKE);
    const result = await send({ waitSeconds: 5, meanwhile: deliver });
    expect(result).toMatchObject({
      accepted: 50,
      failed: 0,
      processed: 50,
      missing: 0,
      duplicates: 0,
      sending: { resent: 0, unanswered: 0, rejects: null },
    });
    expect(unique(ids())).toHaveLength(50);
    expect(ids()[0]).toMatch(new RegExp(`^${result.runId}-\\d{7}$`));
    expect(await reconcile(result.runId)).toMatchObject({ accepted: 50, processed: 50, missing: 0 });
  });

  it("repeats what met 429, 500, a broken connection or a lost answer, with the same ids", async () => {
    throttle(2);
    api.faults.push(
      () => ({ status: 500, body: { message: "Internal server error" } }),
      () => "reset",
      () => "lost",
      () => ({ status: 502, body: "<html>bad gateway</html>" }),
    );
    const deliver = () => api.deliver(s3.client, LAKE);
    const result = await send({ concurrency: 1, waitSeconds: 5, meanwhile: deliver });
    expect(result).toMatchObject({ accepted: 50, processed: 50, missing: 0, duplicates: 10 });
    expect(result.sending).toMatchObject({ resent: 10, unanswered: 0 });
    const [first, ...again] = api.requests.slice(0, 7);
    for (const one of again) expect(one).toEqual(first);
    expect(unique(ids())).toHaveLength(50);
    expect(ids()).toHaveLength(60);
  });

  it("waits as long as Retry-After asks, and sends only what was not taken", async () => {
    api.faults.push((events) => {
      const [taken, ...others] = events;
      if (taken) api.stream.push(taken);
      const index = (event: (typeof events)[number]) => ({
        index: events.indexOf(event),
        eventId: event.eventId,
      });
      const body = { accepted: [index(events[0] as never)], rejected: [], retry: others.map(index) };
      return { status: 503, body, headers: { "retry-after": "2" } };
    });
    const result = await send({ concurrency: 1, input: { kind: "sample", count: 10 } });
    expect(result).toMatchObject({ accepted: 10, sending: { resent: 9 } });
    expect(api.requests.map(({ length }) => length)).toEqual([10, 9]);
    expect(ids()).toEqual(unique(ids()));
    expect(pauses[0]).toBeGreaterThan(1_900);
  });

  it("writes refused events to the rejects file, with path and reason", async () => {
    const file = path.join(project.path, "events.ndjson");
    await writeFile(file, '{"type":"user","eventId":"bad","data":null}\n{"type":"user","data":{}}\nno\n');
    const result = await send({ input: { kind: "file", file, entityType: null } });
    expect(result).toMatchObject({ accepted: 1, failed: 2, rejectedInputs: [{ file: `${file}:3` }] });
    expect(result.failures).toEqual([
      { key: `${file}:1`, reason: expect.stringContaining("data: Invalid type") },
    ]);
    const rejects = await readFile(path.join(project.path, result.sending?.rejects ?? ""), "utf8");
    expect(
      rejects
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        event: { type: "user", eventId: "bad", data: null },
        origin: `${file}:1`,
        path: "data",
        reason: "Invalid type: Expected Object but received null",
      },
    ]);
    // The file beside it is no run.
    await api.deliver(s3.client, LAKE);
    expect(await reconcile(result.runId)).toMatchObject({ accepted: 1, processed: 1 });
  });

  it("sends halves of a batch that is refused as a whole, down to the event that is to blame", async () => {
    const refuse: FakeEventsApi["faults"][number] = (events) =>
      events.some(({ eventId }) => eventId.endsWith("07"))
        ? { status: 400, body: { message: "Invalid request body" } }
        : undefined;
    api.faults.push(...Array.from({ length: 20 }, () => refuse));
    const result = await send({ input: { kind: "sample", count: 10 } });
    expect(result).toMatchObject({ accepted: 9, failed: 1, failures: [{ reason: "Invalid request body" }] });
  });

  it.each([
    ["a wrong key", "wrong", []],
    ["a key that is refused midway", API_KEY, [undefined, { status: 403, body: { message: "Forbidden" } }]],
  ])("ends with exit code 4 for %s", async (_what, key, answers) => {
    api.faults.push(...answers.map((answer) => () => answer));
    const sending = send({ context: contextOf({ key }), concurrency: 1 });
    await expect(sending).rejects.toMatchObject({ exitCode: 4, code: "API_KEY" });
    await expect(sending).rejects.not.toMatchObject({ message: expect.stringContaining(key) as string });
  });

  it("stops cleanly when the quota is used up, and sends the rest when told to go on", async () => {
    const used = () => ({ status: 429, body: { message: "Limit Exceeded" } });
    api.faults.push(
      () => undefined,
      () => undefined,
      used,
      used,
    );
    const result = await send({ concurrency: 2 });
    expect(result).toMatchObject({ accepted: 20, stopped: { code: "QUOTA_EXCEEDED" } });
    // What a refusal was the only answer to is surely not there.
    expect(result.sending?.unanswered).toBe(0);
    expect(result.stopped?.hint).toContain(`--resume ${result.runId}`);
    await api.deliver(s3.client, LAKE);
    expect(await reconcile(result.runId)).toMatchObject({ accepted: 20, processed: 20, missing: 0 });

    api.faults = [used];
    const again = await send({ input: { kind: "resume", runId: result.runId }, concurrency: 1 });
    expect(again).toMatchObject({ accepted: 0, skipped: 20 });
    const rest = await send({ input: { kind: "resume", runId: null } });
    expect(rest).toMatchObject({ accepted: 30, skipped: 20, stopped: null });
    expect(ids()).toHaveLength(50);
    expect(unique(ids())).toHaveLength(50);
    expect(await send({ input: { kind: "resume", runId: rest.runId } })).toMatchObject({
      accepted: 0,
      skipped: 50,
    });
  });

  it("does not go on with a file that has changed since", async () => {
    const file = path.join(project.path, "events.ndjson");
    await writeFile(file, '{"type":"user","data":{}}\n');
    const { runId } = await send({ input: { kind: "file", file, entityType: null } });
    await writeFile(file, '{"type":"user","data":{"id":1}}\n');
    const resumed = send({ input: { kind: "resume", runId } });
    await expect(resumed).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("not the file") as string,
    });
  });

  it.each([
    ["breaks every connection", "reset", "UNREACHABLE", 20],
    ["is too busy for minutes", { status: 503, body: "", headers: { "retry-after": "5" } }, "API_BUSY", 20],
    ["answers one batch after another with 500", { status: 500, body: "" }, undefined, 50],
  ] as const)(
    "ends by itself, with what was sent, when the API %s",
    async (_what, answer, code, unanswered) => {
      api.faults.push(() => undefined, ...Array.from({ length: 500 }, () => () => answer));
      let clock = Date.now();
      // Time passes with every look at the clock, so that patience ends.
      const context = contextOf({
        now: () => {
          clock += 500;
          return clock;
        },
      });
      const input = { kind: "sample", count: 60 } as const;
      const result = await send({ context, input });
      expect(result).toMatchObject({ accepted: 10, failed: 0, sending: { unanswered } });
      expect(result.stopped?.code).toBe(code);
      expect(ingestExitCode(result)).toBe(6);
    },
  );

  it("is told that the API is not reachable where it took nothing at all", async () => {
    api.faults.push(...Array.from({ length: 500 }, () => () => "reset" as const));
    let clock = Date.now();
    const sending = send({
      context: contextOf({
        now: () => {
          clock += 500;
          return clock;
        },
      }),
    });
    await expect(sending).rejects.toMatchObject({ exitCode: 7 });
  });

  it("leaves a consistent manifest at Ctrl-C: requests under way are finished", async () => {
    const abort = new AbortController();
    api.faults.push(
      () => undefined,
      () => {
        abort.abort(new InterruptedError());
        return undefined;
      },
    );
    const sending = send({ context: contextOf({ signal: abort.signal }) });
    await expect(sending).rejects.toMatchObject({ exitCode: 130 });
    await api.deliver(s3.client, LAKE);
    const [run = ""] = await readdir(path.join(project.path, ".edp", "local", "runs"));
    const report = await reconcile(path.basename(run, ".ndjson"));
    expect(report).toMatchObject({ interrupted: true, missing: 0, processed: api.stream.length });
    expect(report.processed).toBeGreaterThanOrEqual(20);
  });
});

describe("reconciling events", () => {
  it("finds what a killed client had sent, by the ids that it wrote down before", async () => {
    const result = await send();
    const file = path.join(project.path, String(result.manifest));
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    // Killed after the second answer: every other batch was written down, and may or may not have arrived.
    const answers = lines.filter((line) => line.includes('"rejected"')).slice(2);
    const kept = lines.filter((line) => !answers.includes(line) && !line.includes("finishedAt"));
    await writeFile(file, `${kept.join("\n")}\n{"batch":6,"ids":["to`);
    api.stream.splice(30);
    await api.deliver(s3.client, LAKE);
    const report = await reconcile(result.runId);
    expect(report).toMatchObject({ accepted: 30, processed: 30, missing: 0, finishedAt: null });
    expect(report.figures).toEqual({ duplicates: 0, unanswered: 20 });
  });

  it("tells processed from what the delivery could not place, and from what is missing", async () => {
    const result = await send();
    const [lost, bad] = [api.stream[3]?.eventId, api.stream[4]?.eventId];
    api.stream.splice(3, 1);
    await api.deliver(s3.client, LAKE, { unplaceable: ({ eventId }) => eventId === bad });
    const report = await reconcile(result.runId);
    expect(report).toMatchObject({ accepted: 50, processed: 48, rejected: 1, missing: 1 });
    expect(report).toHaveProperty(
      "events",
      expect.arrayContaining([
        { eventId: lost, state: "missing" },
        {
          eventId: bad,
          state: "rejected",
          output: expect.stringContaining("s3://lake/errors/"),
          errorCode: "DynamicPartitioning.MetadataExtractionFailed",
          message: "partitionKeys values must not be null",
        },
      ]),
    );
    expect(report.notes).toContainEqual(expect.stringContaining("gathers events for up to 90 s"));
  });
});

it("a lake that was made anew after the run says nothing of it", async () => {
  const { runId, manifest } = await send();
  const notYet = await reconcile(runId);
  expect(notYet).toMatchObject({ missing: 50, notes: [expect.stringContaining("run it again later")] });
  await s3.client.send(new DeleteBucketCommand({ Bucket: LAKE }));
  const earlier = new Date(Date.now() - 10_000);
  await utimes(path.join(project.path, String(manifest)), earlier, earlier);
  await s3.service.createBucket(LAKE, { versioned: true, eventBridge: false });
  await expect(reconcile(runId)).rejects.toMatchObject({ code: "RUN_GONE" });
});

describe("the Fake Store", () => {
  it("gives products, carts and users, also after a bad moment", async () => {
    store.faults.push(522, "empty", "html", 429);
    const context = contextOf();
    const result = await send({
      context,
      input: { kind: "entities", offline: false, what: ["products", "carts", "users"] },
    });
    expect(result).toMatchObject({ accepted: 37, failed: 0 });
    expect(pauses).toContain(7_000);
    expect(context.terminal.stderr).toContain("answers 522: trying again");
    const carts = api.stream.filter(({ type }) => type === "cart").map(({ data }) => data as { id: number });
    expect(carts.filter(({ id }) => id === carts.at(-1)?.id)).toHaveLength(2);
  });

  it("is done without where it gives one kind only for errors", async () => {
    store.broken.set("/carts", 524);
    const result = await send({ input: { kind: "entities", offline: false, what: ["products", "carts"] } });
    expect(result).toMatchObject({ accepted: 20, failed: 1, rejectedInputs: [{ file: "/carts" }] });
  });

  it("that is down ends with exit code 7, and the way that needs no network", async () => {
    for (const path of ["/products", "/users"]) store.broken.set(path, "object");
    const input = { kind: "site", offline: false, what: [], count: 10 } as const;
    await expect(send({ input: { ...input, what: [] } })).rejects.toMatchObject({
      code: "FAKESTORE_DOWN",
      exitCode: 7,
      hint: expect.stringContaining("--sample") as string,
    });
  });

  it("gives the products that generated events are about, once", async () => {
    const result = await send({ input: { kind: "site", offline: false, what: [], count: 30 } });
    expect(result.accepted).toBe(30);
    expect(store.requests.sort()).toEqual(["/products", "/users"]);
  });
});
