import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.ts";
import { temporaryDirectory } from "../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

/** The built edp in a pipe, with nothing of this shell but PATH. */
const edp = (...args: string[]) =>
  execa(process.execPath, [path.join(PACKAGE_ROOT, "bin", "edp.js"), ...args], {
    cwd: directory.path,
    env: { PATH: process.env.PATH, HOME: directory.path },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
const file = () => path.join(directory.path, "edp.config.json");

describe("edp init in a pipe", () => {
  it("writes the file, and later commands go by it", async () => {
    const made = await edp("init", "--env", "dev", "--region", "eu-west-1", "--project", "acme", "--json");
    expect(made.exitCode).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({
      path: file(),
      created: true,
      config: { project: "acme" },
    });
    expect(JSON.parse(await readFile(file(), "utf8"))).toMatchObject({ env: "dev", region: "eu-west-1" });
    const policy = await edp("iam-policy");
    expect(policy.stdout).toContain("arn:aws:sqs:eu-west-1:*:acme-dev-*");
    expect(policy.stderr).toContain("acme-dev-deploy");
  });

  it("never waits for an answer: it names the flag that is missing and ends with exit code 2", async () => {
    const refused = await edp("init", "--env", "dev", "--json");
    expect(refused.exitCode).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: { code: "USAGE", message: expect.stringContaining("--region") },
    });
  });

  it("repairs a faulty file that stops every other command", async () => {
    await writeFile(file(), '{"project":"acme","regoin":"x"}');
    expect((await edp("status")).exitCode).toBe(3);
    expect((await edp("init")).exitCode).toBe(3);
    const repaired = await edp("init", "--force", "--json");
    expect(JSON.parse(repaired.stdout)).toMatchObject({
      updated: true,
      backup: `${file()}.bak`,
      config: { project: "acme" },
    });
    expect((await edp("status")).exitCode).toBe(7);
  });
});
