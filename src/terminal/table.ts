import CliTable from "cli-table3";
import type { Terminal } from "./terminal.ts";

/** Lays rows out in aligned columns under a dim header, without borders. Numbers are aligned right. */
export function table(
  terminal: Terminal,
  head: readonly string[],
  rows: readonly (string | number | null)[][],
): string {
  const none = {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "",
    "mid-mid": "",
    right: "",
    "right-mid": "",
    middle: "  ",
  };
  const layout = new CliTable({
    chars: none,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colAligns: head.map((_, column) =>
      rows.some((row) => typeof row[column] === "number") ? "right" : "left",
    ),
    head: head.map((title) => terminal.color.dim(title)),
  });
  for (const row of rows)
    layout.push(row.map((cell) => (cell === null ? terminal.color.dim("-") : String(cell))));
  return `${layout.toString().replace(/[ \t]+$/gm, "")}\n`;
}
