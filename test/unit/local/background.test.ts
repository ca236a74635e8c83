import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { predecessorGone, waitForEnd } from "../../../src/local/background.ts";
import { isAlive } from "../../../src/local/process-alive.ts";
import { type EngineState, removeState, writeState } from "../../../src/local/state.ts";
import { temporaryDirectory } from "../../support/services.ts";

const state = (pid: number): EngineState => ({
  pid,
  port: 1,
  version: "0.0.0",
  startedAt: "2026-01-01T00:00:00.000Z",
  token: "token",
});

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

describe("an engine that stops", () => {
  it("counts as stopped once it has taken its record away, whatever the process table says", async () => {
    // This very process stands for an engine that has ended and is not collected: its number stays alive.
    await writeState(directory.path, state(process.pid));
    const waiting = waitForEnd(state(process.pid), directory.path);
    expect(await Promise.race([waiting, pause(60, "waiting")])).toBe("waiting");
    await removeState(directory.path);
    await waiting;
  });

  it("is waited for by its successor while it still writes", async () => {
    await writeState(directory.path, state(process.pid));
    const waiting = predecessorGone(directory.path);
    expect(await Promise.race([waiting, pause(60, "waiting")])).toBe("waiting");
    await removeState(directory.path);
    await waiting;
  });
});

describe("isAlive", () => {
  it("says no of a number that no process has", () => {
    expect(isAlive(2 ** 22 + 1)).toBe(false);
  });

  it.runIf(process.platform === "linux")(
    "says no of a process that has ended and nobody collects",
    async () => {
      // `exec` leaves a parent that never asks after its child; a shell would, so the child waits for the end of its input.
      const parent = spawn("sh", ["-c", "read line <&3 & echo $!; exec sleep 30"], {
        stdio: ["ignore", "pipe", "ignore", "pipe"],
      });
      try {
        const [line] = (await once(parent.stdout as Readable, "data")) as [Buffer];
        const pid = Number(line.toString().trim());
        expect(isAlive(pid)).toBe(true);
        await expect.poll(() => readFile(`/proc/${parent.pid}/comm`, "utf8")).toBe("sleep\n");
        (parent.stdio[3] as Writable).end();
        await expect.poll(() => isAlive(pid), { interval: 5 }).toBe(false);
        // It is still in the process table.
        expect(() => process.kill(pid, 0)).not.toThrow();
      } finally {
        parent.kill("SIGKILL");
      }
    },
  );
});
