import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IngestResult } from "../../src/ingest/result.ts";
import type { PurgeResult } from "../../src/purge/purge.ts";
import type { WatchTick } from "../../src/status/watch.ts";
import type { TraceResult } from "../../src/trace/types.ts";
import { createProject, type Project } from "../support/edp.ts";

let project: Project;
let ingested: IngestResult;
beforeAll(async () => {
  project = await createProject();
  await project.edp(["deploy", "spotify"]);
  const ingest = await project.json<IngestResult>(["ingest", "spotify", "--sample", "50", "--wait", "60"]);
  ingested = ingest.value;
});
afterAll(() => project.remove());

describe("edp status --watch", () => {
  it("prints one JSON object a look until it is interrupted, and then nothing but exit code 130", async () => {
    const watching = project.edp(["status", "--watch", "--interval", "0.2", "--json"]);
    let seen = "";
    watching.stdout?.on("data", (chunk: Buffer) => {
      seen += chunk.toString("utf8");
      if (seen.split("\n").length > 2) watching.kill("SIGINT");
    });
    const { exitCode, stdout, stderr } = await watching;
    const ticks = String(stdout)
      .split("\n")
      .map((line) => JSON.parse(line) as WatchTick);
    expect([exitCode, stderr]).toEqual([130, ""]);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks[0]?.pipelines.spotify?.queues.landed?.visible).toBe(0);
  });

  it("refuses an interval that is no number", async () => {
    expect((await project.edp(["status", "--watch", "--interval", "soon"])).exitCode).toBe(2);
  });
});

describe("edp trace", () => {
  it("follows an object to its row", async () => {
    const key = (await firstKey()) ?? "";
    const { exitCode, value } = await project.json<TraceResult>(["trace", key]);
    expect(exitCode).toBe(0);
    expect(value.traces).toMatchObject([{ key, outcome: "processed" }]);
  });

  it("ends with 8 where nothing is known, with 2 without a subject", async () => {
    expect((await project.edp(["trace", "raw/tracks/none.json"])).exitCode).toBe(8);
    expect((await project.edp(["trace"])).exitCode).toBe(2);
  });
});

describe("edp purge", () => {
  it("asks first, and without a terminal ends with 2 and deletes nothing", async () => {
    const { exitCode, stderr } = await project.edp(["purge"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--yes");
    expect((await project.json<TraceResult>(["trace", (await firstKey()) ?? ""])).exitCode).toBe(0);
  });

  it("empties the pipeline; the same ingest then sends everything again", async () => {
    const purged = await project.json<PurgeResult>(["purge", "--yes"]);
    expect(purged.exitCode).toBe(0);
    expect(purged.value.deletedVersions).toBeGreaterThan(ingested.accepted);
    const again = await project.json<IngestResult>(["ingest", "spotify", "--sample", "50", "--wait", "60"]);
    expect(again.value).toMatchObject({
      accepted: ingested.accepted,
      skipped: 0,
      missing: 0,
      deadLettered: 0,
    });
  });

  it("refuses a pipeline that isn't there, naming those that are", async () => {
    const { exitCode, stderr } = await project.edp(["purge", "nope", "--yes"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("spotify");
  });
});

/** A key of the ingest's manifest. */
async function firstKey(): Promise<string | undefined> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(`${project.directory}/${ingested.manifest}`, "utf8");
  return (JSON.parse(text.split("\n")[1] ?? "{}") as { key?: string }).key;
}
