import { describe, expect, it } from "vitest";
import { renderReplay } from "../../../src/replay/render.ts";
import { emptyResult } from "../../../src/replay/result.ts";
import type { ReplayResult } from "../../../src/replay/types.ts";
import { recordTerminal } from "../../support/terminal.ts";

const verified = { processed: 0, rejected: 0, deadAgain: 0, unconfirmed: 0, stopped: null, examples: [] };

function rendered(part: Partial<ReplayResult>) {
  const terminal = recordTerminal();
  renderReplay({ ...emptyResult("local"), seconds: 1, ...part }, terminal);
  return terminal;
}

describe("a replay's text", () => {
  it("is no success where trials have failed, and says how many it doesn't list", () => {
    const trials = Array.from({ length: 12 }, (_, n) => ({ messageId: `m${n}`, reason: "SCHEMA_MISMATCH" }));
    const { stdout } = rendered({ found: 12, skipped: 12, skippedBecause: { trial: 12 }, trials, verified });
    expect(stdout).toContain("✖ 0 of 12 dead letters replayed");
    expect(stdout).toContain("trial failed: m9: SCHEMA_MISMATCH");
    expect(stdout).toContain("... and 2 more failed trials");
    expect(stdout).not.toContain("verified:");
  });

  it("says that a trial's functions are not those that the replay went to", () => {
    const died = { found: 1, replayed: 1, verified: { ...verified, deadAgain: 1 } };
    expect(rendered({ ...died, trials: [] }).stderr).toContain("npx edp deploy");
    expect(rendered({ ...died, trials: null }).stderr).toBe("");
  });

  it("takes what was met before a stop for a part of the queue only", () => {
    const stopped = { ...verified, deadAgain: 60, stopped: "60 of 60 died again" };
    expect(rendered({ found: 71, replayed: 60, verified: stopped }).stdout).toContain(
      "✖ 60 of the first 71 dead letters replayed",
    );
  });
});
