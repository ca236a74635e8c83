import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../../src/local/clock.ts";
import { stage } from "../../../../src/local/s3/staging.ts";
import { Store } from "../../../../src/local/s3/store.ts";
import type { BusEvent } from "../../../../src/local/service.ts";
import { engineParts, temporaryDirectory } from "../../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let clock: ManualClock;
let events: BusEvent[];
let log: string[];
beforeEach(async () => {
  directory = await temporaryDirectory();
  clock = new ManualClock();
  events = [];
  log = [];
});
afterEach(() => directory.remove());

const openStore = () =>
  Store.open(
    engineParts({
      clock,
      dataDirectory: directory.path,
      log: (line) => log.push(line),
      wiring: { putEvent: async (event) => void events.push(event), deliver: async () => {} },
    }),
  );

async function* text(content: string): AsyncGenerator<Buffer> {
  yield Buffer.from(content);
}

interface PutOptions {
  check?: () => void;
  /** Ends the write right before the object is stored. */
  crash?: boolean;
}

async function put(store: Store, key: string, content: string, options: PutOptions = {}): Promise<void> {
  const bucket = store.bucket("bronze");
  const staged = await stage(text(content), { directory: bucket.temporary });
  const { size, md5: etag } = staged;
  const planned = { kind: "Put" as const, key, size, etag, requestId: "r" };
  await store.change(bucket, planned, options.check ?? (() => {}), (sequence, versionId, modified) => {
    if (options.crash) throw new Error("crash");
    bucket.put(staged, {
      key,
      sequence,
      versionId,
      size,
      etag,
      modified,
      headers: {},
      user: {},
      checksums: {},
    });
  });
}

const withEvents = { notifications: { eventBridge: true, targets: [] } };
const file = (...parts: string[]) => path.join(directory.path, "s3", ...parts);

describe("the store, opened again", () => {
  it("has thrown away what was never completed, and kept the rest", async () => {
    const store = await openStore();
    store.create("bronze");
    await put(store, "k", "x");
    await store.close();
    fs.writeFileSync(file("bronze", "temporary", "torn"), "half an object");
    fs.mkdirSync(file("half-made", "temporary"), { recursive: true });
    fs.mkdirSync(file(".removed-1", "objects"), { recursive: true });
    const again = await openStore();
    expect(again.names()).toEqual(["bronze"]);
    expect(fs.readdirSync(file()).sort()).toEqual(["bronze", "outbox.log"]);
    expect(fs.readdirSync(file("bronze", "temporary"))).toEqual([]);
    expect(again.bucket("bronze").index.latest("k")).toMatchObject({ size: 1 });
    await again.close();
  });

  it("leaves out an object whose file is damaged, and says which", async () => {
    const store = await openStore();
    store.create("bronze");
    await put(store, "good", "x");
    await put(store, "bad", "x");
    const objects = file("bronze", "objects");
    const names = fs
      .readdirSync(objects)
      .flatMap((shard) => fs.readdirSync(path.join(objects, shard)).map((n) => path.join(objects, shard, n)));
    await store.close();
    const bad = names.find((name) => fs.readFileSync(name, "latin1").includes('"key":"bad"')) ?? "";
    fs.truncateSync(bad, 5);
    const again = await openStore();
    expect([...again.bucket("bronze").index.keys.from("")]).toEqual(["good"]);
    expect(log.join("\n")).toContain(bad);
    await again.close();
  });

  it("goes on with sequences above all that it gave before", async () => {
    const store = await openStore();
    store.create("bronze");
    await put(store, "k", "1");
    const before = store.bucket("bronze").index.latest("k")?.sequence ?? 0;
    await store.close();
    clock = new ManualClock(0);
    const again = await openStore();
    await put(again, "k", "2");
    expect(again.bucket("bronze").index.latest("k")?.sequence).toBeGreaterThan(before);
    await again.close();
  });
});

describe("writes of one key at the same time", () => {
  it("end with one winner where each wants to be the first, and with one event", async () => {
    const store = await openStore();
    const bucket = store.create("bronze", withEvents);
    const absent = () => {
      if (bucket.index.latest("claim")) throw new Error("taken");
    };
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => put(store, "claim", "x", { check: absent })),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", ...Array(4).fill("rejected")]);
    expect(events).toHaveLength(1);
    await store.close();
  });
});

describe("an event that was written down before a crash", () => {
  /** The outbox as it was before `sent` was recorded. */
  async function crashed(work: (store: Store) => Promise<void>): Promise<void> {
    const store = await openStore();
    store.create("bronze", withEvents);
    const outbox = file("outbox.log");
    await work(store);
    await store.close();
    const intents = fs
      .readFileSync(outbox, "utf8")
      .split("\n")
      .filter((line) => line.includes('"intent"'));
    fs.writeFileSync(outbox, `${intents.join("\n")}\n`);
    events = [];
  }

  it("is sent when its object was stored", async () => {
    await crashed((store) => put(store, "k", "x"));
    const store = await openStore();
    await clock.advance(1_000);
    expect(events.map((event) => event.detail.object)).toMatchObject([{ key: "k", size: 1 }]);
    await store.close();
  });

  it("is not sent when its object was not stored", async () => {
    await crashed((store) => put(store, "k", "x", { crash: true }).catch(() => {}));
    const store = await openStore();
    await clock.advance(1_000);
    expect(events).toEqual([]);
    await store.close();
  });
});

describe("the outbox", () => {
  it("does not grow with the number of events that were delivered", async () => {
    const store = await openStore();
    store.create("bronze", withEvents);
    const bucket = store.bucket("bronze");
    const planned = { kind: "Put" as const, key: "k", size: 1, etag: "e", requestId: "r" };
    // Changes that store nothing: what the outbox holds is the same, and thousands of files less are written.
    for (let n = 0; n < 2_200; n++)
      await store.change(
        bucket,
        planned,
        () => {},
        () => {},
      );
    expect(events).toHaveLength(2_200);
    await store.close();
    expect(fs.readFileSync(file("outbox.log"), "utf8").split("\n").length).toBeLessThan(1_000);
  });
});
