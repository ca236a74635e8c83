import process from "node:process";

/** A block of lines on stdout that is drawn anew in place. */
export interface Screen {
  /** Replaces what was drawn before. */
  draw(text: string): void;
  /** Leaves what was drawn last, and the terminal as it was. */
  end(): void;
}

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
/** Terminals that know synchronized output show a frame at once; others pass over it. */
const BEGIN_FRAME = "\u001b[?2026h";
const END_FRAME = "\u001b[?2026l";
/** Lines are cut at the right edge instead of wrapped, during a frame only. */
const NO_WRAP = "\u001b[?7l";
const WRAP = "\u001b[?7h";
const CLEAR_TO_LINE_END = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/**
 * Opens a screen on a terminal. Each frame goes over the last one line by line, without clearing first, so nothing
 * flickers; what doesn't fit the height is left out. The cursor comes back at the end, also when the process exits.
 */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  let height = 0;
  let open = false;
  // A Ctrl-C has left `^C` below the last frame.
  const restore = () => void (open && stream.write(`\r${CLEAR_TO_LINE_END}${SHOW_CURSOR}`));
  return {
    draw(text) {
      if (!open) {
        open = true;
        process.once("exit", restore);
        stream.write(HIDE_CURSOR);
      }
      const lines = fitted(text.replace(/\n$/, "").split("\n"), (stream.rows ?? 24) - 1);
      const up = height > 0 ? `\u001b[${height}A\r` : "";
      const body = lines.map((line) => `${line}${CLEAR_TO_LINE_END}\n`).join("");
      stream.write(`${BEGIN_FRAME}${NO_WRAP}${up}${body}${CLEAR_BELOW}${WRAP}${END_FRAME}`);
      height = lines.length;
    },
    end() {
      if (!open) return;
      restore();
      open = false;
      process.off("exit", restore);
    },
  };
}

function fitted(lines: string[], most: number): string[] {
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `... ${lines.length - most + 1} more lines: make the window higher`];
}
