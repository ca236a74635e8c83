import pMap from "p-map";
import type { Terminal } from "../terminal/terminal.ts";

interface Options {
  terminal: Terminal;
  /** `Emptying buckets` */
  label: string;
  /** What is counted: `versions`, `items`. */
  unit: string;
  /** How many there are, where that is known. */
  expected?: number;
  /** Things emptied side by side. */
  concurrency: number;
}

/**
 * Empties things under one progress bar.
 * @param empty empties one; tells each time how many it has deleted in all
 * @returns how many were deleted.
 */
export async function emptyEach(
  things: readonly { id: string }[],
  { terminal, label, unit, expected, concurrency }: Options,
  empty: (id: string, onDeleted: (count: number) => void) => Promise<unknown>,
): Promise<number> {
  if (things.length === 0) return 0;
  const progress = terminal.progress(label, expected, unit);
  const deleted = new Map<string, number>();
  const sum = () => [...deleted.values()].reduce((all, one) => all + one, 0);
  try {
    await pMap(
      things,
      ({ id }) =>
        empty(id, (count) => {
          deleted.set(id, count);
          progress.update(sum(), Math.max(sum(), expected ?? 0));
        }),
      { concurrency },
    );
  } finally {
    progress.end();
  }
  return sum();
}
