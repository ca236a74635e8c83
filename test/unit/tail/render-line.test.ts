import { Chalk } from "chalk";
import { describe, expect, it } from "vitest";
import type { LogSource } from "../../../src/tail/event.ts";
import { LineMaker } from "../../../src/tail/line.ts";
import { labelColor, renderLine } from "../../../src/tail/render-line.ts";
import { testContext } from "../../support/context.ts";
import { recordTerminal } from "../../support/terminal.ts";

const NOW = Date.UTC(2026, 0, 31, 14, 0, 0, 123);
const ID = "8f1c2b7e-0000-4000-8000-000000000001";
const SOURCES: LogSource[] = [
  { group: "/aws/lambda/a", pipeline: "spotify", function: "to-parquet", label: "spotify/to-parquet" },
  { group: "/aws/lambda/b", pipeline: "shop", function: "load", label: "shop/load" },
];
const EVERYTHING = { grep: undefined, errors: false, request: undefined };

interface View {
  columns?: number;
  sources?: LogSource[];
  today?: string;
}

/** What is printed of messages a millisecond apart. */
function shown(
  messages: string[],
  { columns = 100, sources = SOURCES, today = "2026-01-31" }: View = {},
): string {
  const terminal = recordTerminal({ columns });
  const lines = new LineMaker(sources, EVERYTHING, today);
  for (const [index, message] of messages.entries()) {
    const [source] = sources;
    if (!source) throw new Error("no source");
    const event = { id: String(index), timestamp: NOW + index, ingestionTime: NOW, stream: "s", message };
    const line = lines.line({ source, event });
    if (line) renderLine(line, testContext("/", { terminal }));
  }
  return terminal.stdout;
}

const REPORT = `REPORT RequestId: ${ID}\tDuration: 312.45 ms\tBilled Duration: 523 ms\tMemory Size: 512 MB\tMax Memory Used: 140 MB\tInit Duration: 1210.10 ms\t`;

describe("a log line for people", () => {
  it("folds an invocation into one line", () => {
    expect(shown([`START RequestId: ${ID} Version: 1`, `END RequestId: ${ID}`, REPORT])).toBe(
      "14:00:00.125 spotify/to-parquet ✔     8f1c2b7e 312 ms, memory 140/512 MB, cold start 1.21 s\n",
    );
  });

  it("marks an invocation that failed", () => {
    const timeout = `REPORT RequestId: ${ID}\tDuration: 3000.00 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tStatus: timeout\t`;
    expect(shown([timeout])).toContain("✖     8f1c2b7e timeout, 3.00 s, memory 60/128 MB");
  });

  it("shows level and message, then the fields beside it where they fit", () => {
    const line = JSON.stringify({
      level: "INFO",
      message: "batch done",
      messages: 3,
      key: "a b",
      nested: { x: [1] },
    });
    expect(shown([line])).toBe(
      '14:00:00.123 spotify/to-parquet INFO  batch done messages=3 key="a b" nested={"x":[1]}\n',
    );
  });

  it("puts fields that don't fit below, as many as fit in a line", () => {
    const line = JSON.stringify({
      level: "WARN",
      message: "done",
      first: "x".repeat(40),
      second: "y".repeat(40),
      n: 1,
    });
    expect(shown([line], { columns: 80 }).split("\n")).toEqual([
      "14:00:00.123 spotify/to-parquet WARN  done",
      `    first=${"x".repeat(40)}`,
      `    second=${"y".repeat(40)} n=1`,
      "",
    ]);
  });

  it("has the request id in each line where there is room", () => {
    const text = `2026-01-31T14:00:00.000Z\t${ID}\tINFO\thello`;
    expect(shown([text], { columns: 160 })).toBe("14:00:00.123 spotify/to-parquet 8f1c2b7e INFO  hello\n");
    expect(shown([text], { columns: 80 })).toBe("14:00:00.123 spotify/to-parquet INFO  hello\n");
  });

  it("has no label where there is one function, and aligned ones where there are more", () => {
    expect(shown(["plain"], { sources: SOURCES.slice(0, 1) })).toBe("14:00:00.123       plain\n");
    expect(shown(["plain"], { sources: [...SOURCES].reverse() })).toBe(
      "14:00:00.123 shop/load                plain\n",
    );
  });

  it("indents what follows the first line, and the stack of an error", () => {
    const error = {
      name: "TypeError",
      message: "x is undefined",
      stack: "TypeError: x is undefined\n    at f (/var/task/a.mjs:1:2)",
    };
    const line = JSON.stringify({ level: "ERROR", message: "cannot write", error });
    expect(shown([line, "one\ntwo"], { sources: SOURCES.slice(0, 1) })).toBe(
      "14:00:00.123 ERROR cannot write\n    TypeError: x is undefined\n    at f (/var/task/a.mjs:1:2)\n14:00:00.124       one\n    two\n",
    );
  });

  it("says where another day begins", () => {
    expect(shown(["plain"], { today: "2026-02-01" })).toMatch(/^--- 2026-01-31 UTC\n14:00/);
  });

  it("cuts what is longer than twenty screen lines and says so", () => {
    const output = shown(["é".repeat(256 * 1024)], { columns: 80 });
    expect(output.length).toBeLessThan(80 * 22);
    expect(output).toContain("… (cut: 262,144 characters; --json shows all)");
  });

  it("never lets a message, a key or a value control the terminal", () => {
    const evil = "\u001b]0;owned\u0007\u001b[2J\u009b1;1H\r\u202e";
    const output = shown(
      [
        evil,
        JSON.stringify({
          message: evil,
          [evil]: evil,
          list: [evil],
          error: { message: evil, stack: `a\n  at ${evil}` },
        }),
        `2026-01-31T14:00:00.000Z\t${evil.replaceAll(/\s/g, "")}\tINFO\t${evil}`,
      ],
      { columns: 160 },
    );
    expect(output.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });
});

describe("colours", () => {
  const color = new Chalk({ level: 1 });

  it("are the same for a name in every run, and never red", () => {
    expect(labelColor(color, "spotify/to-parquet")("x")).toBe(labelColor(color, "spotify/to-parquet")("x"));
    const used = new Set(Array.from({ length: 200 }, (_, n) => labelColor(color, `function-${n}`)("x")));
    expect(used.size).toBe(10);
    expect(used).not.toContain(color.red("x"));
  });
});
