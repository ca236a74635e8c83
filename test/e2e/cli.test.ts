import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProject, type Project } from "../support/edp.ts";

interface ErrorDocument {
  error: { code: string; message: string; hint: string | null };
}

describe("the command line", () => {
  let project: Project;
  beforeAll(async () => {
    project = await createProject();
  });
  afterAll(() => project.remove());

  it("prints its version on stdout", async () => {
    const { exitCode, stdout } = await project.edp(["--version"]);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  });

  it.each([
    ["deploy"],
    ["destroy"],
    ["status"],
    ["tail"],
    ["demo"],
    ["dev"],
    ["build"],
    ["completion"],
    ["ingest"],
    ["ingest", "spotify"],
  ])("has help with examples for edp %s %s", async (...words) => {
    const { exitCode, stdout } = await project.edp([...words.filter(Boolean), "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Examples:");
  });

  it("ends with 2 for an unknown command and suggests the one that was meant", async () => {
    const { exitCode, stderr, stdout } = await project.edp(["deplyo"]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Did you mean deploy?");
  });

  it("answers edp alone with its help, on stdout", async () => {
    const { exitCode, stdout, stderr } = await project.edp([]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Usage: edp");
  });

  it("ends with 2 where only a group is named, with its help on stderr", async () => {
    const { exitCode, stdout, stderr } = await project.edp(["ingest"]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: edp ingest");
    expect(stderr).toContain("Name a command: spotify");
  });

  it.each([
    [["ingest"], "Name a command: spotify", "npx edp ingest spotify --help"],
    [[], "Name a command: demo, deploy, ", "npx edp demo --help"],
    [["deplyo"], "unknown command 'deplyo'", "Did you mean deploy?"],
  ])("says under --json what is wrong with %j, and nothing beside it", async (words, message, hint) => {
    const { exitCode, value, stderr } = await project.json<ErrorDocument>(words);
    expect([exitCode, stderr]).toEqual([2, ""]);
    expect(value.error).toMatchObject({ code: "USAGE", message: expect.stringContaining(message) });
    expect(value.error.hint).toContain(hint);
  });

  it("writes examples as a clone's user types them", async () => {
    const { stdout } = await project.edp(["--help"]);
    expect(stdout).toContain("$ npx edp deploy && npx edp ingest spotify");
    expect(stdout).not.toMatch(/[$&] edp /);
  });

  it("names the directory that a build cannot write to", async () => {
    const { exitCode, value } = await project.json<ErrorDocument>(["build", "--out", "/proc/zips"]);
    expect(exitCode).toBe(3);
    expect(value.error).toMatchObject({
      code: "NOT_WRITABLE",
      message: expect.stringContaining("/proc/zips cannot be written"),
    });
  });

  it("ends with 2 for an unknown flag, as one JSON document under --json", async () => {
    const { exitCode, value } = await project.json<ErrorDocument>(["status", "--chekc"]);
    expect(exitCode).toBe(2);
    expect(value.error).toMatchObject({ code: "USAGE", message: expect.stringContaining("--chekc") });
  });

  it("ends with 2 for an unknown pipeline and names the ones there are", async () => {
    const { exitCode, value } = await project.json<ErrorDocument>(["deploy", "spotfy"]);
    expect(exitCode).toBe(2);
    expect(value.error).toMatchObject({
      message: "No pipeline is called spotfy.",
      hint: expect.stringContaining("spotify"),
    });
  });

  it("ends with 7 and a hint where nothing is deployed", async () => {
    const { exitCode, value } = await project.json<ErrorDocument>(["status"]);
    expect(exitCode).toBe(7);
    expect(value.error).toEqual({
      code: "NOT_DEPLOYED",
      message: "The local engine is not running.",
      hint: "Start it first: npx edp deploy",
    });
  });

  it("paints nothing where NO_COLOR is set, whatever else asks for colour", async () => {
    const painted = async (env: Record<string, string>) => {
      const { stdout } = await project.edp(["destroy", "--yes"], { env: { FORCE_COLOR: "1", ...env } });
      return String(stdout).includes("\u001b[");
    };
    await project.edp(["deploy"]);
    expect(await painted({})).toBe(true);
    await project.edp(["deploy"]);
    expect(await painted({ NO_COLOR: "1" })).toBe(false);
  });

  it.each(["bash", "zsh", "fish"])("prints a completion script for %s", async (shell) => {
    const { exitCode, stdout } = await project.edp(["completion", shell]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("edp");
  });

  it("completes commands and pipeline names", async () => {
    const commands = await project.edp(["complete", "--", "de"]);
    expect(commands.stdout).toMatch(/^deploy\t/m);
    const names = await project.edp(["complete", "--", "status", "sp"]);
    expect(names.stdout).toMatch(/^spotify\t/m);
  });
});
