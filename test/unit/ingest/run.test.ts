import { describe, expect, it } from "vitest";
import { EdpError, InterruptedError } from "../../../src/errors.ts";
import { type IngestParts, runIngest } from "../../../src/ingest/run.ts";
import { type Sink, SinkUnreachableError } from "../../../src/ingest/sink.ts";
import type { Source } from "../../../src/ingest/source.ts";
import { entityOf, stream } from "../../support/entities.ts";

const ids = (count: number) =>
  Array.from({ length: count }, (_, n) => entityOf({ id: `t${n}`, origin: `albums/t${n}` }));

function run(store: Sink["store"], overrides: Partial<IngestParts> = {}) {
  const sink: Sink = { store, preview: async () => "accepted", close: async () => {} };
  const manifest = { add: async () => {} } as unknown as IngestParts["manifest"];
  const source: Source = { distinct: true, entities: () => stream(...ids(20)) };
  const signal = new AbortController().signal;
  return runIngest({ source, sink, manifest, concurrency: 4, signal, onProgress: () => {}, ...overrides });
}

const accept: Sink["store"] = async () => ({ status: "accepted", version: "1" });

describe("a run", () => {
  it("counts every object in one place", async () => {
    const report = await run(async ({ key }) => {
      if (key.includes("t3.")) throw new Error("no space left on device");
      if (key.includes("t4.")) return { status: "unchanged" };
      if (key.includes("t5.")) return { status: "fuller" };
      return { status: "accepted", version: "1" };
    });
    expect(report).toMatchObject({ accepted: 17, skipped: 2, unchanged: 2, failed: 1, stopped: null });
    expect(report.failures).toEqual([
      { key: "raw/tracks/t3.json", reason: "Error: no space left on device" },
    ]);
    expect([...report.failedOrigins]).toEqual(["albums/t3"]);
  });

  it("stores no more objects at once than it may", async () => {
    let now = 0;
    let most = 0;
    await run(async (object) => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      return accept(object);
    });
    expect(most).toBe(4);
  });

  it("ends when the sink does not answer any more", async () => {
    let calls = 0;
    const report = await run(async () => {
      calls++;
      throw new SinkUnreachableError("the bucket does not answer", null);
    });
    expect(report.stopped).toMatchObject({ code: "UNREACHABLE", message: "the bucket does not answer" });
    expect(calls).toBeLessThanOrEqual(4);
  });

  it("ends with an error that every object would meet", async () => {
    const refused = new EdpError("CREDENTIALS", 4, "expired");
    const fatal = () => refused;
    await expect(run(() => Promise.reject(new Error("ExpiredToken")), { fatal })).rejects.toBe(refused);
  });

  it("counts no object as accepted that the manifest could not take", async () => {
    const full = new EdpError("MANIFEST_NOT_WRITABLE", 6, "no space");
    const manifest = { add: () => Promise.reject(full) } as unknown as IngestParts["manifest"];
    await expect(run(accept, { manifest })).rejects.toBe(full);
  });

  it("finishes what is under way when interrupted, and begins nothing new", async () => {
    const abort = new AbortController();
    let begun = 0;
    let finished = 0;
    const report = await run(
      async (object) => {
        if (++begun === 4) abort.abort(new InterruptedError());
        await new Promise(setImmediate);
        finished++;
        return accept(object);
      },
      { signal: abort.signal },
    );
    expect(report).toMatchObject({ accepted: 4, interrupted: true });
    expect(finished).toBe(begun);
  });

  it("passes on why the source ended early", async () => {
    const stop = { code: "QUOTA_EXCEEDED", message: "used up", hint: "later" };
    const source: Source = { distinct: true, entities: () => stream(...ids(2)), stopped: () => stop };
    expect(await run(accept, { source })).toMatchObject({ accepted: 2, stopped: stop });
  });
});
