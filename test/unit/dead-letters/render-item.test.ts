import { expect, test } from "vitest";
import { groupByCause } from "../../../src/dead-letters/groups.ts";
import type { DeadLetterItem } from "../../../src/dead-letters/items.ts";
import { readLetter } from "../../../src/dead-letters/letter.ts";
import { renderDeadLetterItem } from "../../../src/dead-letters/render-item.ts";
import { rowOf } from "../../../src/dead-letters/row.ts";
import { testContext } from "../../support/context.ts";
import { causeAttribute, objectCreated, textAttributes } from "../../support/letters.ts";
import { recordTerminal } from "../../support/terminal.ts";

const row = rowOf(
  readLetter({
    MessageId: "m-1",
    Body: JSON.stringify(objectCreated("raw/tracks/\u001b[2Jä.json")),
    MessageAttributes: {
      ...causeAttribute({
        errorCode: "SCHEMA_MISMATCH",
        path: "a[1].b",
        message: "got \u001b]0;owned\u0007\n$x",
      }),
      ...textAttributes({ customer: "7\u009b31m" }),
    },
    Attributes: { SentTimestamp: "1795575600000", ApproximateReceiveCount: "2" },
  }),
  1_795_575_780_000,
);
const [group] = groupByCause([row]);

function rendered(item: DeadLetterItem, columns = 80): string {
  const context = testContext("/nowhere", { terminal: recordTerminal({ columns }) });
  renderDeadLetterItem(item, context);
  return context.terminal.stdout;
}

test("a group has its count, cause, example and a --where that a shell takes", () => {
  if (!group) throw new Error("no group");
  expect(rendered({ type: "group", queue: "q", ...group })).toBe(
    [
      "  1 x SCHEMA_MISMATCH at a[1].b",
      "      got \\x1b]0;owned\\x07 $x",
      "      e.g. raw/tracks/\\x1b[2Jä.json, 3m old, received 2 times",
      "      --where \"cause.errorCode == 'SCHEMA_MISMATCH' && cause.path == 'a[1].b'\"",
      "",
      "",
    ].join("\n"),
  );
});

test("no control character of a message reaches the terminal", () => {
  const text = rendered({ type: "letter", queue: "q", arrived: true, ...row });
  expect(text).toContain("customer=7");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is tested
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test("lines of letters fit the terminal", () => {
  const long = { ...row, cause: { errorCode: "X", path: null, message: "y".repeat(500) } };
  for (const line of rendered({ type: "letter", queue: "q", arrived: false, ...long })
    .split("\n")
    .slice(1)) {
    expect(line.length).toBeLessThanOrEqual(80);
  }
});
