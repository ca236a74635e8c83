import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TerraformEvent } from "../../../src/terraform/json-stream.ts";
import { captureTerraform, runTerraform } from "../../../src/terraform/run.ts";
import { fakeTerraform } from "../../support/fake-terraform.ts";
import { temporaryDirectory } from "../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let events: TerraformEvent[];
let notes: string[];
let abort: AbortController;

beforeEach(async () => {
  directory = await temporaryDirectory();
  events = [];
  notes = [];
  abort = new AbortController();
});
afterEach(() => directory.remove());

const watcher = (onEvent?: (event: TerraformEvent) => void) => ({
  signal: abort.signal,
  note: (line: string) => void notes.push(line),
  onEvent: (event: TerraformEvent) => {
    events.push(event);
    onEvent?.(event);
  },
});
/** Interrupts the command as soon as the fake Terraform says that it runs. */
const interruptWhenRunning = (event: TerraformEvent) => {
  if (event.type === "version") abort.abort(new Error("Ctrl-C"));
};

describe("running Terraform", () => {
  it("reports its events, its diagnostics and what is no JSON", async () => {
    const terraform = await fakeTerraform(
      directory.path,
      `emit({ type: "version", terraform: "1.11.4" });
       emit({ type: "diagnostic", diagnostic: { severity: "error", summary: "no", detail: "é", address: "aws_x.y" } });
       process.stderr.write("panic: x\\n");
       fs.writeSync(1, '{"type":"version","terraform":"cut off"}');
       process.exitCode = 1;`,
    );
    const outcome = await runTerraform(terraform, ["plan", "-json"], watcher());
    expect(outcome).toMatchObject({
      succeeded: false,
      interrupted: false,
      killedBy: null,
      text: ["panic: x"],
    });
    expect(outcome.diagnostics).toMatchObject([{ summary: "no", detail: "é", address: "aws_x.y" }]);
    expect(events.at(-1)).toEqual({ type: "version", terraform: "cut off" });
  });

  it("gives it a file, not a pipe that would break with edp, and a session of its own", async () => {
    const terraform = await fakeTerraform(
      directory.path,
      `const { execFileSync } = require("node:child_process");
       const group = Number(execFileSync("ps", ["-o", "pgid=", "-p", String(process.pid)]));
       emit({ "@message": String(fs.fstatSync(1).isFile() && fs.fstatSync(2).isFile()) + " " + (group === process.pid) });`,
    );
    await runTerraform(terraform, ["apply"], watcher());
    expect(events).toEqual([{ type: "text", text: "true true" }]);
    expect(await readFile(path.join(directory.path, "logs", "apply.jsonl"), "utf8")).toContain("true true");
  });

  it("passes one interrupt on, waits for the end, and says so", async () => {
    const terraform = await fakeTerraform(
      directory.path,
      `let interrupts = 0;
       process.on("SIGINT", () => {
         interrupts++;
         setTimeout(() => { emit({ "@message": "interrupts " + interrupts }); clearInterval(work); process.exitCode = 1; }, 150);
       });
       const work = setInterval(() => {}, 1000);
       emit({ type: "version", terraform: "1.11.4" });`,
    );
    const outcome = await runTerraform(terraform, ["apply"], watcher(interruptWhenRunning));
    expect(outcome).toMatchObject({ interrupted: true, succeeded: false, killedBy: null });
    expect(events.at(-1)).toEqual({ type: "text", text: "interrupts 1" });
    expect(notes).toHaveLength(1);
  });

  it("answers a second Ctrl-C by waiting on: another interrupt would make Terraform drop its state", async () => {
    const terraform = await fakeTerraform(
      directory.path,
      `let interrupts = 0;
       process.on("SIGINT", () => { interrupts++; emit({ type: "version", terraform: "interrupted" }); setTimeout(() => { emit({ "@message": "interrupts " + interrupts }); clearInterval(work); }, 300); });
       const work = setInterval(() => {}, 1000);
       emit({ type: "version", terraform: "1.11.4" });`,
    );
    await runTerraform(
      terraform,
      ["apply"],
      watcher((event) => {
        if (event.type !== "version") return;
        if (event.terraform === "interrupted") process.emit("SIGINT");
        else abort.abort(new Error("Ctrl-C"));
      }),
    );
    expect(notes).toHaveLength(2);
    expect(notes[1]).toMatch(/^Still waiting/);
    expect(events.at(-1)).toEqual({ type: "text", text: "interrupts 1" });
  });

  it("does not start after an interrupt", async () => {
    const terraform = await fakeTerraform(directory.path, `emit({ "@message": "ran" });`);
    abort.abort(new Error("Ctrl-C"));
    await expect(runTerraform(terraform, ["apply"], watcher())).rejects.toThrow("Ctrl-C");
    expect(events).toEqual([]);
  });

  it("tells when something killed it", async () => {
    const terraform = await fakeTerraform(directory.path, `process.kill(process.pid, "SIGKILL");`);
    expect(await runTerraform(terraform, ["apply"], watcher())).toMatchObject({
      succeeded: false,
      killedBy: "SIGKILL",
    });
  });

  it("fails when the program is gone", async () => {
    const terraform = await fakeTerraform(directory.path, "");
    await expect(
      runTerraform({ ...terraform, binary: "/nowhere/terraform" }, ["plan"], watcher()),
    ).rejects.toThrow(/ENOENT/);
  });

  it("captures what a reading command prints, however long", async () => {
    const terraform = await fakeTerraform(
      directory.path,
      `process.stdout.write("x".repeat(3_000_000)); process.stderr.write("warning");`,
    );
    const { succeeded, stdout, stderr } = await captureTerraform(terraform, ["show", "-json"]);
    expect([succeeded, stdout.length, stderr]).toEqual([true, 3_000_000, "warning"]);
  });
});
