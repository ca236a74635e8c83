import { describe, expect, it } from "vitest";
import { parseMessage } from "../../../src/tail/message.ts";

const ID = "8f1c2b7e-0000-4000-8000-000000000001";

describe("Lambda's own lines", () => {
  it("START and END frame an invocation", () => {
    expect(parseMessage(`START RequestId: ${ID} Version: $LATEST\n`)).toMatchObject({
      kind: "start",
      requestId: ID,
    });
    expect(parseMessage(`END RequestId: ${ID}\n`)).toMatchObject({ kind: "end", requestId: ID });
  });

  it("REPORT is measured: duration, memory and the cold start", () => {
    const text = `REPORT RequestId: ${ID}\tDuration: 312.45 ms\tBilled Duration: 523 ms\tMemory Size: 512 MB\tMax Memory Used: 140 MB\tInit Duration: 210.10 ms\t\nXRAY TraceId: 1-5\tSegmentId: 2\tSampled: true\t\n`;
    expect(parseMessage(text)).toMatchObject({
      kind: "report",
      level: null,
      requestId: ID,
      report: {
        durationMs: 312.45,
        billedMs: 523,
        memorySizeMb: 512,
        memoryUsedMb: 140,
        coldStartMs: 210.1,
        status: "success",
      },
    });
  });

  it("a REPORT of a timeout is an error", () => {
    const text = `REPORT RequestId: ${ID}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tStatus: timeout\t`;
    expect(parseMessage(text)).toMatchObject({
      level: "ERROR",
      report: { status: "timeout", coldStartMs: null },
    });
  });

  it("are read in their JSON form too", () => {
    const record = {
      requestId: ID,
      metrics: { durationMs: 12.5, billedDurationMs: 13, memorySizeMB: 128, maxMemoryUsedMB: 66 },
      status: "error",
    };
    const line = JSON.stringify({ time: "2026-01-31T14:00:00Z", type: "platform.report", record });
    expect(parseMessage(line)).toMatchObject({
      kind: "report",
      level: "ERROR",
      requestId: ID,
      report: { durationMs: 12.5, memorySizeMb: 128, memoryUsedMb: 66, coldStartMs: null },
    });
    const start = JSON.stringify({ type: "platform.start", record: { requestId: ID } });
    expect(parseMessage(start).kind).toBe("start");
  });

  it("a failed init is an error of its own, any other init is none", () => {
    const failed =
      "INIT_REPORT Init Duration: 10.00 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError";
    expect(parseMessage(failed)).toMatchObject({ kind: "log", level: "ERROR" });
    expect(parseMessage("INIT_START Runtime Version: nodejs:22.v1").kind).toBe("platform");
  });
});

describe("JSON lines", () => {
  it("are level, message, request id and the other members", () => {
    const line = JSON.stringify({
      level: "WARN",
      message: "slow",
      timestamp: "x",
      requestId: ID,
      ms: 12,
      a: { b: 1 },
    });
    expect(parseMessage(`${line}\n`)).toEqual({
      kind: "log",
      level: "WARN",
      message: "slow",
      requestId: ID,
      fields: { ms: 12, a: { b: 1 } },
    });
  });

  it("of pino and of Powertools are understood", () => {
    expect(parseMessage('{"level":50,"msg":"broken","time":1}')).toMatchObject({
      level: "ERROR",
      message: "broken",
    });
    expect(parseMessage(`{"level":"warning","function_request_id":"${ID}","message":"m"}`)).toMatchObject({
      level: "WARN",
      requestId: ID,
    });
  });

  it("keep every digit of integers beyond 2^53, and strings as they are", () => {
    const parsed = parseMessage('{"message":"m","id":12345678901234567890,"text":"id 12345678901234567890"}');
    expect(parsed.fields).toEqual({ id: "12345678901234567890", text: "id 12345678901234567890" });
  });

  it("with an error give its type and its stack", () => {
    const line = JSON.stringify({
      level: "ERROR",
      message: "cannot write",
      key: "k",
      error: {
        name: "TypeError",
        message: "x is undefined",
        stack: "TypeError: x is undefined\n    at f (/var/task/a.mjs:1:2)",
      },
    });
    expect(parseMessage(line)).toMatchObject({
      message: "cannot write",
      fields: { key: "k" },
      error: { type: "TypeError", message: "x is undefined", stack: ["    at f (/var/task/a.mjs:1:2)"] },
    });
  });

  it("without a known member are shown as they are", () => {
    expect(parseMessage('{"a":1}')).toEqual({
      kind: "log",
      level: null,
      message: '{"a":1}',
      requestId: null,
    });
    expect(parseMessage('{"a":')).toMatchObject({ message: '{"a":', level: null });
  });
});

describe("text lines", () => {
  it("of the Node.js runtime carry request id and level", () => {
    expect(parseMessage(`2026-01-31T14:00:00.000Z\t${ID}\tWARN\ttwo\nlines\n`)).toEqual({
      kind: "log",
      level: "WARN",
      message: "two\nlines",
      requestId: ID,
    });
    expect(parseMessage("2026-01-31T14:00:00.000Z\tundefined\tINFO\tinit")).toMatchObject({
      requestId: null,
    });
  });

  it("of an error that the handler threw give type, message and stack", () => {
    const error = JSON.stringify({
      errorType: "RangeError",
      errorMessage: "too\tbig",
      stack: ["RangeError: too\tbig", "    at handler (/var/task/index.mjs:3:9)"],
    });
    expect(parseMessage(`2026-01-31T14:00:00.000Z\t${ID}\tERROR\tInvoke Error \t${error}`)).toMatchObject({
      level: "ERROR",
      message: "Invoke Error ",
      requestId: ID,
      error: { type: "RangeError", message: "too\tbig", stack: ["    at handler (/var/task/index.mjs:3:9)"] },
    });
  });

  it("of Python carry them in another order", () => {
    expect(parseMessage(`[ERROR]\t2026-01-31T14:00:00.000Z\t${ID}\tno such key`)).toMatchObject({
      level: "ERROR",
      message: "no such key",
      requestId: ID,
    });
  });

  it("that Lambda writes for a function that timed out or crashed are errors", () => {
    expect(parseMessage(`2026-01-31T14:00:00.000Z ${ID} Task timed out after 3.00 seconds\n`)).toMatchObject({
      level: "ERROR",
      requestId: ID,
      message: "Task timed out after 3.00 seconds",
    });
    expect(parseMessage(`RequestId: ${ID} Error: Runtime exited with error: exit status 1`)).toMatchObject({
      level: "ERROR",
      requestId: ID,
    });
  });

  it.each([
    ["[WARN] low disk", "WARN"],
    ["ERROR: no disk", "ERROR"],
    ["time=1 level=error msg=x", "ERROR"],
    ["Traceback (most recent call last)", "ERROR"],
    ["TypeError: x is not a function", "ERROR"],
    ["INFORMATION about errors", null],
    ["no error here", null],
  ])("%j has level %s", (text, level) => {
    expect(parseMessage(text).level).toBe(level);
  });

  it("with a stack keep it apart from the message", () => {
    expect(parseMessage("Error: broken\n    at f (a.js:1:1)\n    at g (b.js:2:2)")).toMatchObject({
      level: "ERROR",
      message: "Error: broken",
      error: { type: null, message: null, stack: ["    at f (a.js:1:1)", "    at g (b.js:2:2)"] },
    });
  });
});
