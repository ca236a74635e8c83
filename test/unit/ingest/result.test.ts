import { describe, expect, it } from "vitest";
import { type IngestResult, ingestExitCode, renderIngest } from "../../../src/ingest/result.ts";
import { recordTerminal } from "../../support/terminal.ts";

const result: IngestResult = {
  env: "local",
  runId: "r",
  pipeline: "spotify",
  dryRun: false,
  accepted: 5,
  skipped: 1,
  unchanged: 1,
  failed: 0,
  bytes: 1_500,
  seconds: 1.25,
  manifest: ".edp/local/runs/r.ndjson",
  rejectedInputs: [],
  failures: [],
  stopped: null,
};
const waited = { processed: 5, rejected: 0, deadLettered: 0, missing: 0, timedOut: false, deadLetters: [] };
const stop = { code: "QUOTA_EXCEEDED", message: "The quota is used up.", hint: "--resume" };

describe("the exit code of an ingest", () => {
  it.each([
    ["everything landed", {}, 0],
    ["everything was processed", waited, 0],
    ["some were rejected for good", { ...waited, processed: 3, rejected: 2 }, 0],
    ["one is dead-lettered", { ...waited, processed: 4, deadLettered: 1 }, 8],
    ["one is missing", { ...waited, processed: 4, missing: 1, timedOut: true }, 8],
    ["some failed", { failed: 1 }, 6],
    ["some failed and one is missing", { ...waited, failed: 1, missing: 1, timedOut: true }, 6],
    ["the source stopped", { stopped: stop }, 6],
  ])("when %s", (_case, part, code) => {
    expect(ingestExitCode({ ...result, ...part })).toBe(code);
  });
});

describe("an ingest's text", () => {
  it("closes the tally and names the cause of dead letters", () => {
    const terminal = recordTerminal();
    const deadLetters = [
      { key: "raw/tracks/a.json", errorCode: "SCHEMA_MISMATCH", path: "name", message: "expected string" },
    ];
    renderIngest({ ...result, ...waited, processed: 4, deadLettered: 1, deadLetters }, terminal);
    expect(terminal.stdout).toContain("4 processed + 0 rejected + 1 dead-lettered + 0 missing = 5 accepted");
    expect(terminal.stderr).toContain(
      "dead letter: raw/tracks/a.json SCHEMA_MISMATCH at name: expected string",
    );
  });

  it("shows some of many reasons and says how many more there are", () => {
    const terminal = recordTerminal();
    const rejectedInputs = Array.from({ length: 12 }, (_, n) => ({
      file: `${n}.json`,
      reason: "is empty",
      status: "failed" as const,
    }));
    renderIngest({ ...result, failed: 12, rejectedInputs }, terminal);
    expect(terminal.stderr).toContain("failed: 0.json: is empty");
    expect(terminal.stderr).toContain("... and 2 more");
  });

  it("counts every dead letter, also where only the first are listed", () => {
    const terminal = recordTerminal();
    const deadLetters = Array.from({ length: 20 }, (_, n) => ({
      key: `${n}.json`,
      errorCode: null,
      path: null,
      message: null,
    }));
    renderIngest({ ...result, ...waited, processed: 0, deadLettered: 400, deadLetters }, terminal);
    expect(terminal.stderr).toContain("... and 390 more (npx edp tail --dlq");
  });

  it("says why it stopped and how to go on", () => {
    const terminal = recordTerminal();
    renderIngest({ ...result, stopped: stop }, terminal);
    expect(terminal.stderr).toContain("The quota is used up.");
    expect(terminal.stderr).toContain("--resume");
  });
});
