import type { Letter } from "../dead-letters/letter.ts";
import { CAUSE_ATTRIBUTE } from "../lambda/shared/dead-letters.ts";
import { printable } from "../terminal/printable.ts";

/** Lines around a change that are shown with it. */
const CONTEXT = 2;
/** Longer messages are compared from their first difference to their last only. */
const COMPARED = 2_000;

/**
 * What an edit changes in a letter, as lines that begin with `-`, `+` or a blank; safe for a terminal. Empty where
 * nothing changes.
 */
export function diffLetters(before: Letter, after: Letter): string {
  const [was, is] = [before, after].map(envelopeOf);
  const lines = diffLines(
    linesOf(before, was === is ? undefined : was),
    linesOf(after, was === is ? undefined : is),
  );
  if (lines.length > 0) return lines.map(printable).join("\n");
  // The same when parsed, and yet another text: blanks, the order of keys, or numbers that JavaScript rounds.
  const texts = [before, after].map(({ raw: { Body = "" } }) => Body.split("\n"));
  return diffLines(texts[0] ?? [], texts[1] ?? [])
    .map(printable)
    .join("\n");
}

/** The innermost payload, pretty-printed, and the attributes; the envelope before them where it changes. */
function linesOf(letter: Letter, envelope: string | undefined): string[] {
  const { payload } = letter;
  const text = typeof payload === "string" ? payload : JSON.stringify(payload, null, 2);
  const attributes = Object.keys(letter.raw.MessageAttributes ?? {})
    .filter((name) => name !== CAUSE_ATTRIBUTE)
    .sort()
    .map((name) => `@${name}: ${letter.attributes[name]}`);
  return [...(envelope?.split("\n") ?? []), ...text.split("\n"), ...attributes];
}

/** The body without the message that it carries, pretty-printed; undefined where there is no envelope. */
function envelopeOf({ body, payload }: Letter): string | undefined {
  if (body === payload) return undefined;
  return JSON.stringify(body, (key, value: unknown) => (key === "Message" ? undefined : value), 2);
}

/** A line diff by longest common subsequence, with some lines around each change. */
export function diffLines(before: readonly string[], after: readonly string[]): string[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end++;
  }
  const removed = before.slice(start, before.length - end);
  const added = after.slice(start, after.length - end);
  if (removed.length + added.length === 0) return [];
  const middle =
    removed.length + added.length > COMPARED
      ? [...removed.map((line) => `- ${line}`), ...added.map((line) => `+ ${line}`)]
      : compare(removed, added);
  return [
    ...before.slice(Math.max(0, start - CONTEXT), start).map((line) => `  ${line}`),
    ...folded(middle),
    ...before.slice(before.length - end, before.length - end + CONTEXT).map((line) => `  ${line}`),
  ];
}

function compare(removed: readonly string[], added: readonly string[]): string[] {
  const width = added.length + 1;
  const lengths = new Uint16Array((removed.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = removed.length - 1; i >= 0; i--) {
    for (let j = added.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        removed[i] === added[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < removed.length || j < added.length) {
    if (i < removed.length && j < added.length && removed[i] === added[j]) {
      lines.push(`  ${removed[i++]}`);
      j++;
    } else if (i < removed.length && (j >= added.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(`- ${removed[i++]}`);
    } else lines.push(`+ ${added[j++]}`);
  }
  return lines;
}

/** Long stretches without a change become one line. */
function folded(lines: readonly string[]): string[] {
  const near = (index: number) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => !line.startsWith("  "));
  return lines.flatMap((line, index) => {
    if (near(index)) return line;
    return near(index - 1) ? "  ..." : [];
  });
}
