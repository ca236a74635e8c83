import { type HeaderFault, type Layout, readLayout, shorten } from "./columns.ts";
import type { Kind } from "./day-file.ts";
import type { RecordFault } from "./odd-record.ts";
import { Scanner } from "./scan.ts";

/** So many first bytes of a file are read to find its header. */
export const HEAD_BYTES = 64 * 1024;

/** First bytes of what is sent instead of CSV by mistake. */
const SIGNATURES: readonly (readonly [Buffer, string])[] = [
  [Buffer.from("PK\x03\x04", "latin1"), "a zip archive (or a spreadsheet)"],
  [Buffer.from([0x1f, 0x8b]), "compressed with gzip"],
  [Buffer.from([0xff, 0xfe]), "UTF-16 text"],
  [Buffer.from([0xfe, 0xff]), "UTF-16 text"],
];

/** The byte order mark that some programs put before UTF-8. */
export const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Checks the beginning of a file: its encoding, and its header.
 * @param head at most its first HEAD_BYTES
 * @param whole whether that is the whole file
 * @returns where the columns are, or why the file cannot be read
 */
export function readHead(kind: Kind, head: Buffer, whole: boolean): Layout | HeaderFault[] {
  const other = SIGNATURES.find(([first]) => head.subarray(0, first.length).equals(first));
  if (other) return [{ column: null, message: `the file is ${other[1]}, not CSV in UTF-8` }];
  const first = firstRecord(withoutBom(head), whole);
  if (first === undefined) {
    const message =
      head.length === 0
        ? "the file is empty, it lacks even a header"
        : "the file has no header at its beginning";
    return [{ column: null, message }];
  }
  if (!Array.isArray(first)) return [{ column: null, message: `the header: ${shorten(first.message)}` }];
  return readLayout(kind, first);
}

/** Bytes without a byte order mark at their beginning. */
export function withoutBom(bytes: Buffer): Buffer {
  return bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes;
}

function firstRecord(bytes: Buffer, whole: boolean): string[] | RecordFault | undefined {
  let first: string[] | RecordFault | undefined;
  // No record has no fields: each comes as an odd one.
  const scanner = new Scanner(0, {
    row() {},
    odd(_line, record) {
      first ??= record;
    },
  });
  scanner.push(bytes);
  if (whole) scanner.end();
  return first;
}
