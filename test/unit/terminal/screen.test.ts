import { expect, test } from "vitest";
import { openScreen } from "../../../src/terminal/screen.ts";
import { sparkline } from "../../../src/terminal/sparkline.ts";

/** A terminal that keeps what is written, with `rows` lines. */
function fakeStream(rows = 24) {
  const written: string[] = [];
  const stream = { rows, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  return { stream, written };
}

test("a frame goes over the last one, line by line and without clearing the terminal first", () => {
  const { stream, written } = fakeStream();
  const screen = openScreen(stream);
  screen.draw("one\ntwo\n");
  screen.draw("three\n");
  const last = written.at(-1) ?? "";
  expect(last).toContain("\u001b[2A");
  expect(last).toContain("three\u001b[K\n\u001b[J");
  expect(last).not.toContain("\u001b[2J");
  screen.end();
});

test("each frame leaves wrapping as it was, so that a killed process does no harm", () => {
  const { stream, written } = fakeStream();
  const screen = openScreen(stream);
  screen.draw("one\n");
  const frame = written.at(-1) ?? "";
  expect(frame.indexOf("\u001b[?7h")).toBeGreaterThan(frame.indexOf("\u001b[?7l"));
  screen.end();
});

test("the cursor is hidden while drawing and shown again at the end, once", () => {
  const { stream, written } = fakeStream();
  const screen = openScreen(stream);
  screen.draw("one\n");
  expect(written[0]).toBe("\u001b[?25l");
  screen.end();
  screen.end();
  expect(written.filter((text) => text.includes("\u001b[?25h"))).toHaveLength(1);
});

test("a screen that was never drawn on leaves the terminal alone", () => {
  const { stream, written } = fakeStream();
  openScreen(stream).end();
  expect(written).toEqual([]);
});

test("lines beyond the height are left out, and that is said", () => {
  const { stream, written } = fakeStream(4);
  const screen = openScreen(stream);
  screen.draw("1\n2\n3\n4\n5\n");
  expect(written.at(-1)).toContain("2\u001b[K\n... 3 more lines");
  screen.end();
});

test("a sparkline has one bar a value: zero lowest, the greatest full, unknown a dot", () => {
  expect(sparkline([null, 0, 1, 4, 8])).toBe("·▁▂▄█");
  expect(sparkline([0, 0])).toBe("▁▁");
  expect(sparkline([])).toBe("");
});
