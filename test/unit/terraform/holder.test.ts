import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import type { Readable, Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../../../src/errors.ts";
import { type Holder, holdEnvironment, isRunning, readHolder } from "../../../src/terraform/holder.ts";
import { environmentPaths } from "../../../src/terraform/paths.ts";
import { temporaryDirectory } from "../../support/services.ts";

const NOW = Date.UTC(2026, 10, 21, 3, 0, 0);
/** Above Linux's largest process id. */
const DEAD = 4_194_305;

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());
const paths = () => environmentPaths(directory.path, "prod");
const hold = <T>(work: () => Promise<T>) => holdEnvironment(paths(), "deploy", NOW, work);

async function leave(holder: Partial<Holder>): Promise<void> {
  await mkdir(paths().root, { recursive: true });
  const whole = {
    pid: DEAD,
    terraformPid: null,
    host: hostname(),
    user: "ana",
    command: "deploy",
    since: "2026-11-21T02:00:00.000Z",
  };
  await writeFile(paths().holder, JSON.stringify({ ...whole, ...holder }));
}

describe("holding an environment", () => {
  it("tells the second deploy who is at it and since when", async () => {
    await hold(async () => {
      const second = hold(async () => "never");
      await expect(second).rejects.toMatchObject({ code: "ENVIRONMENT_BUSY", exitCode: EXIT.terraform });
      await expect(hold(async () => "never")).rejects.toThrow(
        /`edp deploy` .* since 2026-11-21T03:00:00.000Z/,
      );
    });
    expect(await hold(async () => "free again")).toBe("free again");
  });

  it("replaces one that died, but not while its Terraform still runs", async () => {
    await leave({});
    expect(await hold(async () => "mine")).toBe("mine");
    await leave({ terraformPid: process.pid });
    await expect(hold(async () => "never")).rejects.toThrow(/its Terraform, process/);
  });

  it.runIf(process.platform === "linux")("takes a Terraform that ended unseen for ended", async () => {
    // The shell becomes `sleep`, which never asks what became of the `cat`.
    const parent = spawn("sh", ["-c", "cat <&3 & echo $!; exec sleep 30"], {
      stdio: ["ignore", "pipe", "ignore", "pipe"],
    });
    try {
      const [line] = (await once(parent.stdio[1] as Readable, "data")) as [Buffer];
      const pid = Number(line.toString());
      const until = async (file: string, pattern: RegExp) => {
        while (!pattern.test(await readFile(file, "utf8")))
          await new Promise((resolve) => setImmediate(resolve));
      };
      await until(`/proc/${parent.pid}/comm`, /^sleep$/m);
      (parent.stdio[3] as Writable).end();
      await until(`/proc/${pid}/stat`, /\) Z /);
      await leave({ terraformPid: pid });
      expect(await hold(async () => "mine")).toBe("mine");
    } finally {
      parent.kill();
    }
  });

  it("can't know of another machine, so it waits for a person", async () => {
    await leave({ host: "elsewhere" });
    await expect(hold(async () => "never")).rejects.toThrow(/ana@elsewhere/);
    expect(
      isRunning({ pid: DEAD, terraformPid: null, host: "elsewhere", user: "", command: "", since: "" }),
    ).toBe(true);
  });

  it("is released when the work fails, and records the Terraform that runs", async () => {
    const failing = holdEnvironment(paths(), "deploy", NOW, async ({ terraform }) => {
      await terraform(4711);
      expect(JSON.parse(await readFile(paths().holder, "utf8"))).toMatchObject({
        pid: process.pid,
        terraformPid: 4711,
      });
      expect((await stat(paths().holder)).mode & 0o777).toBe(0o600);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await readHolder(paths())).toBeUndefined();
  });
});
