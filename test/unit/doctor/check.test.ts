import { describe, expect, it } from "vitest";
import type { AwsUse } from "../../../src/doctor/aws-use.ts";
import { type Check, type Finding, type Machine, runChecks } from "../../../src/doctor/check.ts";
import { InterruptedError, UsageError } from "../../../src/errors.ts";
import { testContext } from "../../support/context.ts";

const machine = (level: AwsUse["level"] = "required", signal = new AbortController().signal): Machine => ({
  context: testContext("/x", { signal }),
  aws: { level, reason: "because", hasCredentials: false },
  identities: { in: async () => ({ kind: "none", message: "none" }) },
  deep: false,
});
const check = (found: Finding | Error, aws = false): Check => ({
  name: "one",
  aws,
  run: async () => (found instanceof Error ? Promise.reject(found) : found),
});

describe("running checks", () => {
  it("keeps their order, whichever is first to end", async () => {
    const slow: Check = {
      name: "slow",
      aws: false,
      run: async () => new Promise((resolve) => setImmediate(resolve, { status: "ok", message: "" })),
    };
    const results = await runChecks([slow, check({ status: "ok", message: "fine" })], machine());
    expect(results.map(({ name }) => name)).toEqual(["slow", "one"]);
  });

  it("gives a failed check's own fix, and null where there is none", async () => {
    const [broken, fine] = await runChecks(
      [
        check(new UsageError("too old", { hint: "install another" })),
        check({ status: "ok", message: "fine" }),
      ],
      machine(),
    );
    expect(broken).toEqual({ name: "one", status: "fail", message: "too old", fix: "install another" });
    expect(fine?.fix).toBeNull();
  });

  it("skips what only AWS needs where nothing leads there, with the reason", async () => {
    const [result] = await runChecks([check({ status: "fail", message: "x" }, true)], machine("none"));
    expect(result).toEqual({ name: "one", status: "skipped", message: "because", fix: null });
  });

  it.each([
    ["optional", "warn"],
    ["required", "fail"],
  ] as const)("takes a failure on AWS for %s as %s", async (level, status) => {
    const [result] = await runChecks([check({ status: "fail", message: "x" }, true)], machine(level));
    expect(result?.status).toBe(status);
  });

  it("fails a check that hangs, and stops it", async () => {
    let stopped = false;
    const hanging: Check = {
      name: "hangs",
      aws: false,
      timeoutMs: () => 1,
      run: (_machine, signal) => {
        signal.addEventListener("abort", () => {
          stopped = true;
        });
        return new Promise(() => {});
      },
    };
    const [result] = await runChecks([hanging], machine());
    expect(result).toMatchObject({ status: "fail", message: "no answer within 0.001 s" });
    expect(stopped).toBe(true);
  });

  it("ends as interrupted at Ctrl-C", async () => {
    const abort = new AbortController();
    abort.abort(new InterruptedError());
    const running = runChecks([check({ status: "ok", message: "" })], machine("required", abort.signal));
    await expect(running).rejects.toThrow(InterruptedError);
  });
});
