import { describe, expect, it } from "vitest";
import type { TerraformEvent } from "../../../src/terraform/json-stream.ts";
import type { PlannedChange } from "../../../src/terraform/plan.ts";
import { ApplyTracker } from "../../../src/terraform/progress.ts";

const planned = (address: string, action: PlannedChange["action"]): PlannedChange => ({
  address,
  type: "aws_sqs_queue",
  action,
  pipeline: null,
  before: null,
  after: null,
});
const step = (
  address: string,
  phase: "start" | "progress" | "complete" | "errored",
  action = "create",
): TerraformEvent => ({
  type: "apply",
  resource: { address, type: "aws_sqs_queue" },
  action,
  phase,
});

describe("the progress of an apply", () => {
  it("times each resource by edp's own clock", () => {
    let now = 0;
    const tracker = new ApplyTracker([planned("a", "create"), planned("b", "create")], () => now);
    tracker.take(step("a", "start"));
    now = 3_000;
    tracker.take(step("b", "start"));
    now = 25_400;
    expect(tracker.lines()).toEqual([
      "Applying: 0 of 2 done, 2 running, 25s",
      "  creating a 25s",
      "  creating b 22s",
    ]);
    expect(tracker.take(step("a", "complete"))).toEqual({ text: "a created in 25 s", failed: false });
    expect(tracker.take(step("b", "errored"))).toEqual({ text: "b failed after 22 s", failed: true });
    expect(tracker.lines()).toEqual(["Applying: 1 of 2 done, 0 running, 25s"]);
  });

  it("counts a replacement as the two steps that Terraform makes of it", () => {
    const tracker = new ApplyTracker([planned("a", "replace")], () => 0);
    tracker.take(step("a", "start", "delete"));
    expect(tracker.take(step("a", "complete", "delete"))?.text).toBe("a destroyed in 0 s");
    expect(tracker.lines()[0]).toContain("1 of 2 done");
  });

  it("shows a screenful at most", () => {
    const names = Array.from({ length: 30 }, (_, index) => `r${index}`);
    const tracker = new ApplyTracker(
      names.map((name) => planned(name, "create")),
      () => 0,
    );
    for (const name of names) tracker.take(step(name, "start"));
    expect(tracker.lines()).toHaveLength(10);
    expect(tracker.lines().at(-1)).toBe("  and 22 more");
  });
});
