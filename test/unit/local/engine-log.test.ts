import { mkdtempSync, readFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/local/clock.ts";
import { EngineLog, olderLog } from "../../../src/local/engine-log.ts";

const file = () => path.join(mkdtempSync(path.join(tmpdir(), "edp-engine-log-")), "engine.log");
const clock = new ManualClock();
const at = new Date(clock.now()).toISOString();

/** A disk with room for this many bytes; the write that fills it is cut short. */
function disk(room: number) {
  const state = { room };
  const write = ((fd: number, bytes: Buffer, offset: number) => {
    if (state.room === 0)
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const end = Math.min(bytes.length, offset + state.room);
    const written = writeSync(fd, bytes, offset, end - offset);
    state.room -= written;
    return written;
  }) as typeof writeSync;
  return { state, write };
}

describe("the engine's log", () => {
  it("has a line for each, with its time", () => {
    const target = file();
    const log = new EngineLog({ file: target, clock });
    log.line("one");
    log.line("two");
    expect(readFileSync(target, "utf8")).toBe(`${at} one\n${at} two\n`);
  });

  it("lets the engine live on a full disk, and says afterwards how many lines are missing", () => {
    const target = file();
    const { state, write } = disk(40);
    const log = new EngineLog({ file: target, clock, write });
    for (const text of ["first", "second", "third"]) log.line(text);
    state.room = Number.POSITIVE_INFINITY;
    log.line("there is room again");
    log.line("and more");
    const lines = readFileSync(target, "utf8").split("\n");
    expect(lines[0]).toBe(`${at} first`);
    expect(lines.slice(2)).toEqual([
      `${at} lines missing here: 2 (ENOSPC: no space left on device, write)`,
      `${at} there is room again`,
      `${at} and more`,
      "",
    ]);
  });

  it("says so by itself when there is room again", async () => {
    const target = file();
    const later = new ManualClock();
    const { state, write } = disk(0);
    new EngineLog({ file: target, clock: later, write }).line("lost");
    await later.advance(6_000);
    expect(readFileSync(target, "utf8")).toBe("");
    state.room = Number.POSITIVE_INFINITY;
    await later.advance(6_000);
    expect(readFileSync(target, "utf8")).toContain("lines missing here: 1 (ENOSPC");
  });

  it("begins anew at its limit and keeps one older file", () => {
    const target = file();
    const log = new EngineLog({ file: target, clock, maxBytes: 100 });
    for (let line = 0; line < 12; line++) log.line(`line ${line}`);
    const older = readFileSync(olderLog(target), "utf8");
    const all = `${older}${readFileSync(target, "utf8")}`;
    expect(older.length).toBeLessThan(150);
    expect(all).toContain("line 11\n");
    expect(all).not.toContain("line 0\n");
  });
});
