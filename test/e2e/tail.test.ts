import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.ts";
import type { TailEvent } from "../../src/tail/event.ts";
import { createProject, type Project } from "../support/edp.ts";

interface ErrorDocument {
  error: { code: string; message: string; hint: string | null };
}

describe("edp tail", () => {
  let project: Project;
  beforeAll(async () => {
    project = await createProject();
    await project.edp(["deploy", "spotify"]);
    await project.edp(["ingest", "spotify", "--sample", "20", "--wait"]);
  });
  afterAll(() => project.remove());

  it("shows what the functions logged, an invocation's frame as one line", async () => {
    const { exitCode, stdout, stderr } = await project.edp(["tail", "--no-follow"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}batch done/m);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} ✔ +[0-9a-f]{8} .* ms, memory \d+\/1024 MB/m);
    expect(stdout).not.toMatch(/START RequestId|END RequestId|REPORT/);
    expect(stderr).toMatch(/^local \(http:\/\/127\.0\.0\.1:\d+\): spotify\/to-parquet since /);
  });

  it("has a JSON line for each event, with its invocation", async () => {
    const { exitCode, stdout } = await project.edp(["tail", "spotify/to-parquet", "--no-follow", "--json"]);
    const events = String(stdout)
      .split("\n")
      .map((line) => JSON.parse(line) as TailEvent);
    expect(exitCode).toBe(0);
    expect(events[0]).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      pipeline: "spotify",
      function: "to-parquet",
      kind: "start",
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const starts = events.filter(({ kind }) => kind === "start").length;
    expect(events.filter(({ kind }) => kind === "report")).toHaveLength(starts);
    expect(events.every(({ requestId }) => requestId !== null)).toBe(true);
  });

  it("ends quietly with 130 at Ctrl-C", async () => {
    const running = project.edp(["tail"], { stdout: "pipe", buffer: true });
    running.stdout?.once("data", () => running.kill("SIGINT"));
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(130);
    expect(stderr).not.toContain("error");
  });

  it("ends quietly when its reader has enough", async () => {
    const bin = path.join(PACKAGE_ROOT, "bin", "edp.js");
    const script = `set -o pipefail; "${process.execPath}" "${bin}" tail --json | head -n 1`;
    const running = execa("bash", ["-c", script], {
      cwd: project.directory,
      reject: false,
      extendEnv: false,
      stdin: "ignore",
      env: { PATH: process.env.PATH, HOME: project.directory },
    });
    await new Promise((resolve) => running.stdout.once("data", resolve));
    // A pipe that has no reader any more shows at the next line.
    await project.edp(["ingest", "spotify", "--sample", "30"]);
    const { exitCode, stdout, stderr } = await running;
    expect([exitCode, String(stdout).split("\n").length]).toEqual([0, 1]);
    expect(stderr).not.toContain("error");
  });

  it.each([
    [["tail", "spotfy"], 2, "No pipeline is called spotfy."],
    [["tail", "spotify/nothing"], 2, 'Pipeline spotify has no function "nothing".'],
    [["tail", "--since", "soon"], 2, '--since "soon" is not a time.'],
    [["tail", "--filter", "{ $.level"], 2, "CloudWatch refuses the --filter pattern"],
    [["tail", "--log-group", "/aws/lambda/none"], 7, "There is no log group /aws/lambda/none."],
    [["tail", "--dlq", "--errors"], 2, "--errors is for logs"],
  ])("%j ends with %i and says why", async (words, code, message) => {
    const { exitCode, value } = await project.json<ErrorDocument>(words);
    expect(exitCode).toBe(code);
    expect(value.error.message).toContain(message);
    expect(value.error.hint).toBeTruthy();
  });

  it("needs no environment for a log group elsewhere, and says when nothing answers there", async () => {
    const place = [
      "--log-group",
      "/aws/lambda/none",
      "--endpoint-url",
      "http://127.0.0.1:9",
      "--region",
      "eu-west-1",
    ];
    const { exitCode, value } = await project.json<ErrorDocument>(["tail", ...place]);
    expect([exitCode, value.error.code]).toEqual([7, "UNREACHABLE"]);
  });
});
