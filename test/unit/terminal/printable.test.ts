import { describe, expect, it } from "vitest";
import { cut, printable } from "../../../src/terminal/printable.ts";

describe("text of others in a terminal", () => {
  it.each([
    ["colours are dropped", "\u001b[31;1mred\u001b[0m \u009b32mgreen", "red green"],
    ["the cursor stays where it is", "a\u001b[2Jb\u001b[1;1H", "a\\x1b[2Jb\\x1b[1;1H"],
    ["the title stays", "\u001b]0;title\u0007", "\\x1b]0;title\\x07"],
    ["8-bit commands are shown", "a\u009b2Jb", "a\\x9b2Jb"],
    ["a line can't be overwritten", "good\rbad", "good\\x0dbad"],
    ["Windows line ends are line ends", "a\r\nb", "a\nb"],
    ["lines and tabs stay", "a\n\tb", "a\n\tb"],
    ["the reading direction can't be turned", "a\u202eb\u2066c", "a\\u202eb\\u2066c"],
    ["half a character is replaced", "a\ud83d", "a\ufffd"],
    ["whole ones stay", "Gåtan 👩‍🚀", "Gåtan 👩‍🚀"],
  ])("%s", (_what, text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it("is cut between characters", () => {
    expect([cut("a👍b", 2), cut("a👍b", 3), cut("ab", 5)]).toEqual(["a", "a👍", "ab"]);
  });
});
