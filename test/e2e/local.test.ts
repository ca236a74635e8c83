import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DemoStep } from "../../src/demo/tour.ts";
import type { IngestResult } from "../../src/ingest/result.ts";
import { createProject, type Project } from "../support/edp.ts";

interface Status {
  pipelines: {
    spotify: {
      buckets: Record<string, { objects: number }>;
      queues: Record<string, { dlq: { visible: number } }>;
    };
  };
}

let project: Project;
beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

describe("edp demo", () => {
  it("plays every step without a terminal and closes the tally", async () => {
    const { exitCode, stdout } = await project.edp(["demo", "--json"]);
    const steps = String(stdout)
      .split("\n")
      .map((line) => JSON.parse(line) as DemoStep);
    expect(exitCode).toBe(0);
    expect(steps.map((step) => step.ok)).toEqual(steps.map(() => true));
    const tally = steps.find((step) => step.title.startsWith("The tally"))?.figures;
    expect(tally).toMatchObject({ deadLettered: 0, missing: 0, rejected: 1 });
    expect(tally?.accepted).toBe(Number(tally?.processed) + 1);
  });
});

describe("the local environment", () => {
  it("deploys, ingests once and only once, shows its state, and leaves nothing behind", async () => {
    const deployed = await project.json<{ endpoint: string; started: boolean }>(["deploy"]);
    expect(deployed.value).toMatchObject({
      endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      started: true,
    });

    const first = await project.json<IngestResult>(["ingest", "spotify", "--sample", "100", "--wait", "60"]);
    expect(first.exitCode).toBe(0);
    expect(first.value).toMatchObject({
      failed: 0,
      missing: 0,
      deadLettered: 0,
      processed: first.value.accepted,
    });

    const again = await project.json<IngestResult>(["ingest", "spotify", "--sample", "100", "--wait", "60"]);
    expect(again.value).toMatchObject({ accepted: 0, skipped: first.value.accepted });

    const status = await project.json<Status>(["status", "--check"]);
    expect(status.exitCode).toBe(0);
    expect(status.value.pipelines.spotify.buckets.bronze?.objects).toBe(first.value.accepted);

    const destroyed = await project.json<{ destroyed: string[]; stopped: boolean }>(["destroy", "--yes"]);
    expect(destroyed.value).toMatchObject({
      destroyed: expect.arrayContaining(["fakestore", "spotify"]),
      stopped: true,
    });
    expect((await project.edp(["status"])).exitCode).toBe(7);
  });

  it("asks before data is lost, and without a terminal ends with 2", async () => {
    await project.edp(["deploy"]);
    await project.edp(["ingest", "spotify", "--sample", "5"]);
    const { exitCode, stderr } = await project.edp(["destroy"]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/local will lose [1-9]\d* objects, \d+ messages? /);
    expect(stderr).toContain("--yes");
    expect((await project.edp(["status"])).exitCode).toBe(0);
  });

  it("gives one engine to two deploys at once", async () => {
    const results = await Promise.all([
      project.json<{ endpoint: string; started: boolean }>(["deploy"]),
      project.json<{ endpoint: string; started: boolean }>(["deploy"]),
    ]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(new Set(results.map(({ value }) => value.endpoint)).size).toBe(1);
    expect(results.filter(({ value }) => value.started)).toHaveLength(1);
  });

  it("ends with 7 when the port that was asked for is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    const { exitCode, value } = await project.json<{ error: { code: string } }>([
      "deploy",
      "--port",
      String(port),
    ]);
    other.close();
    expect([exitCode, value.error.code]).toEqual([7, "PORT_IN_USE"]);
  });

  it("loses nothing and doubles nothing when the engine is killed in the middle of an ingest", async () => {
    await project.edp(["deploy"]);
    const ingest = project.json<IngestResult>(["ingest", "spotify", "--sample", "600", "--wait", "90"]);
    await pause(1_500);
    process.kill(await project.enginePid(), "SIGKILL");
    const redeployed = await project.json<{ started: boolean }>(["deploy"]);
    expect(redeployed.value.started).toBe(true);
    const broken = await ingest;
    // Whatever could not be sent while the engine was away is sent by a rerun.
    const rerun = await project.json<IngestResult>(["ingest", "spotify", "--sample", "600", "--wait", "90"]);
    expect(rerun.exitCode).toBe(0);
    expect(rerun.value.accepted + rerun.value.skipped).toBe(
      broken.value.accepted + broken.value.failed + broken.value.skipped,
    );
    const status = await project.json<Status>(["status", "--check"]);
    expect(status.exitCode).toBe(0);
    expect(status.value.pipelines.spotify.queues.landed?.dlq.visible).toBe(0);
  });

  it("can be interrupted in the middle of an ingest; a rerun completes it", async () => {
    await project.edp(["deploy"]);
    const ingest = project.edp(["ingest", "spotify", "--sample", "600"]);
    await pause(1_000);
    ingest.kill("SIGINT");
    const { exitCode, stderr } = await ingest;
    expect(exitCode).toBe(130);
    expect(stderr).toContain("Interrupted");
    const rerun = await project.json<IngestResult>(["ingest", "spotify", "--sample", "600", "--wait", "90"]);
    expect(rerun.exitCode).toBe(0);
    expect(rerun.value.missing).toBe(0);
  });
});

describe("edp dev", () => {
  it("runs until Ctrl-C, says so, and leaves the data for the next engine", async () => {
    const dev = project.edp(["dev", "--json"], { buffer: false });
    const kinds: string[] = [];
    for await (const line of dev.iterable()) {
      const { kind } = JSON.parse(String(line)) as { kind: string };
      kinds.push(kind);
      if (kind !== "ready") continue;
      expect((await project.edp(["status"])).exitCode).toBe(0);
      dev.kill("SIGINT");
    }
    expect((await dev).exitCode).toBe(130);
    expect(kinds.at(-1)).toBe("stopped");
    expect((await project.edp(["status"])).exitCode).toBe(7);
    expect((await project.json<{ started: boolean }>(["deploy"])).value.started).toBe(true);
  });

  it("ends, and takes its engine along, when the functions cannot be built", async () => {
    await mkdir(path.join(project.directory, ".edp"));
    await writeFile(path.join(project.directory, ".edp", "build"), "a file where the zips should go");
    const { exitCode, timedOut } = await project.edp(["dev", "--json"], { timeout: 20_000 });
    expect([exitCode === 0, timedOut]).toEqual([false, false]);
    expect((await project.edp(["status"])).exitCode).toBe(7);
  });
});
