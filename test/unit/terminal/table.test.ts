import { describe, expect, it } from "vitest";
import { table } from "../../../src/terminal/table.ts";
import { recordTerminal } from "../../support/terminal.ts";

describe("a table", () => {
  it("aligns text left and numbers right, and shows the unknown as -", () => {
    const text = table(
      recordTerminal(),
      ["queue", "visible"],
      [
        ["landed", 12],
        ["undelivered", null],
      ],
    );
    expect(text).toBe("queue        visible\nlanded            12\nundelivered        -\n");
  });
});
