import { zipSync } from "fflate";

/** The earliest time a zip can hold; every entry has it, so that equal content gives equal zips. */
const ENTRY_TIME = new Date(1980, 0, 1);
/** A regular file that all may read: `-rw-r--r--`, in the high half as Unix has it. */
const ENTRY_MODE = 0o100644 << 16;
/** "Made by" Unix, without which the mode is not read. */
const MADE_BY_UNIX = 3;

/** Zips files by name, reproducibly: the same content gives the same bytes, on any machine and at any time. */
export function zipFiles(files: Record<string, Uint8Array>): Uint8Array {
  const entries = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  return zipSync(
    Object.fromEntries(
      entries.map(([name, content]) => [
        name,
        [content, { mtime: ENTRY_TIME, attrs: ENTRY_MODE, os: MADE_BY_UNIX, level: 9 }],
      ]),
    ),
  );
}
