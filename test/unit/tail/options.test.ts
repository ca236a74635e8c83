import { describe, expect, it } from "vitest";
import { UsageError } from "../../../src/errors.ts";
import type { TailEvent } from "../../../src/tail/event.ts";
import { tailOptions, timeRange } from "../../../src/tail/options.ts";
import { isSelected } from "../../../src/tail/selection.ts";

const NOW = Date.UTC(2026, 0, 31, 14, 0, 0);

describe("the flags of edp tail", () => {
  it("look ten minutes back and follow, unless told otherwise", () => {
    expect(tailOptions([], {})).toMatchObject({ since: "10m", until: undefined, follow: true, live: false });
  });

  it.each([
    [{ since: "soon" }, "is not a time"],
    [{ since: "1h", until: "2h" }, "does not lie before --until"],
    [{ since: "2999-01-01" }, "lies in the future"],
    [{ grep: "a(" }, "is not a regular expression"],
    [{ request: "xyz" }, "is not a request id"],
    [{ live: true, follow: false }, "exclude each other"],
  ])("refuse %j", (flags, message) => {
    expect(() => tailOptions([], flags)).toThrow(UsageError);
    expect(() => tailOptions([], flags)).toThrow(message);
  });

  it("take an end that is still to come", () => {
    const range = timeRange({ since: "1h", until: "2026-01-31T15:00Z" }, NOW);
    expect(range).toEqual({ from: NOW - 3_600_000, to: NOW + 3_600_000, relative: true });
  });
});

describe("what is shown", () => {
  const event = (members: Partial<TailEvent>): TailEvent => ({
    time: "2026-01-31T14:00:00.000Z",
    pipeline: null,
    function: null,
    logGroup: "g",
    logStream: "s",
    kind: "log",
    level: null,
    message: "",
    requestId: null,
    ...members,
  });
  const none = { grep: undefined, errors: false, request: undefined };

  it("is an error by its level", () => {
    const errors = { ...none, errors: true };
    expect(isSelected(errors, event({ level: "FATAL" }), "")).toBe(true);
    expect(isSelected(errors, event({ level: "WARN" }), "")).toBe(false);
    expect(isSelected(errors, event({}), "")).toBe(false);
  });

  it("is of an invocation by the beginning of its id", () => {
    const request = { ...none, request: "8f1c" };
    expect(isSelected(request, event({ requestId: "8F1C2b7e" }), "")).toBe(true);
    expect(isSelected(request, event({ requestId: "9f1c2b7e" }), "")).toBe(false);
    expect(isSelected(request, event({}), "8f1c")).toBe(false);
  });

  it("matches --grep in the text as it was logged", () => {
    const { grep } = tailOptions([], { grep: '"key":\\s*"a' });
    expect(isSelected({ ...none, grep }, event({ message: "m" }), '{"message":"m","key":"abc"}')).toBe(true);
    expect(isSelected({ ...none, grep }, event({ message: "m" }), '{"message":"m","key":"xabc"}')).toBe(
      false,
    );
  });
});
