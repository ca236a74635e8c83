import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { Random } from "../../../../src/ingest/random.ts";
import { CSV_OPTIONS } from "../../../../src/lambda/partner/process/odd-record.ts";
import { MOST_RECORD_BYTES, Scanner } from "../../../../src/lambda/partner/process/scan.ts";

interface Found {
  line: number;
  /** Fields, or what is wrong. */
  record: string[] | string;
  /** Whether csv-parse had nothing to do with it. */
  quick: boolean;
}

function scan(bytes: Buffer, width: number, { chunk = bytes.length, thorough = false } = {}): Found[] {
  const found: Found[] = [];
  const scanner = new Scanner(
    width,
    {
      row({ bytes: block, starts, ends, line, escaped }) {
        const record = Array.from(starts, (start, field) => {
          const text = block.toString("utf8", start, ends[field]);
          return escaped & (1 << field) ? text.replaceAll('""', '"') : text;
        });
        found.push({ line, record, quick: true });
      },
      odd(line, record) {
        found.push({ line, record: Array.isArray(record) ? record : record.message, quick: false });
      },
    },
    thorough,
  );
  for (let at = 0; at < bytes.length; at += chunk) scanner.push(bytes.subarray(at, at + chunk));
  scanner.end();
  return found;
}

/** What csv-parse makes of a text: records with the lines they begin on, and the line of the first fault. */
function reference(text: string): { records: { line: number; record: string[] }[]; faultLine?: number } {
  const records: { line: number; record: string[] }[] = [];
  const bytes = Buffer.from(text);
  let end = 0;
  const nextLine = () => {
    while (bytes[end] === 0x0a || (bytes[end] === 0x0d && bytes[end + 1] === 0x0a)) end++;
    return bytes.subarray(0, end).filter((byte) => byte === 0x0a).length + 1;
  };
  try {
    parse(text, {
      ...CSV_OPTIONS,
      on_record: (record: unknown, { bytes: until }: { bytes: number }) => {
        records.push({ line: nextLine(), record: record as string[] });
        end = until;
        return null;
      },
    });
    return { records };
  } catch {
    return { records, faultLine: nextLine() };
  }
}

const TOKENS: [string, ...string[]] = [
  "a",
  "12.5",
  "é",
  " ",
  ";",
  ",",
  ",",
  ",",
  '"',
  '"',
  '""',
  '"b"',
  '"c,\nd"',
  "\n",
  "\n",
  "\r\n",
  "\r",
];

describe("the scanner", () => {
  it("finds the records, lines and first fault that csv-parse finds, in awkward text cut anywhere", () => {
    const random = new Random("7", "partner");
    let whole = 0;
    let quick = 0;
    for (let round = 0; round < 1_500; round++) {
      const text = Array.from({ length: 2 + random.next() * 24 }, () => random.pick(TOKENS))
        .join("")
        .replace(/\r+$/, "");
      const expected = reference(text);
      const found = scan(Buffer.from(text), 1 + Math.floor(random.next() * 3), {
        chunk: 1 + Math.floor(random.next() * 20),
      });
      const upTo = found.slice(0, expected.records.length).map(({ line, record }) => ({ line, record }));
      expect(upTo, JSON.stringify(text)).toEqual(expected.records);
      const after = found[expected.records.length];
      if (expected.faultLine === undefined) expect(after, JSON.stringify(text)).toBeUndefined();
      else {
        expect(typeof after?.record, JSON.stringify(text)).toBe("string");
        expect(after?.line, JSON.stringify(text)).toBe(expected.faultLine);
      }
      whole += expected.faultLine === undefined ? 1 : 0;
      quick += found.filter((one) => one.quick).length;
    }
    // Both kinds of text, and both ways of reading, have been compared.
    expect(whole).toBeGreaterThan(150);
    expect(quick).toBeGreaterThan(500);
  });

  it("gives the same with and without the quick way, whatever the blocks", () => {
    const random = new Random("11", "partner");
    for (let round = 0; round < 200; round++) {
      const bytes = Buffer.from(
        Array.from({ length: random.next() * 200 }, () => random.pick(TOKENS)).join(""),
      );
      for (let at = 3; at < bytes.length; at += 31) if (random.next() < 0.2) bytes[at] = 0xe9;
      const told = (found: Found[]) => found.map(({ line, record }) => ({ line, record }));
      const once = told(scan(bytes, 2, { thorough: true }));
      expect(told(scan(bytes, 2))).toEqual(once);
      expect(told(scan(bytes, 2, { chunk: 7 }))).toEqual(once);
    }
  });

  it("goes on with the next line after a fault", () => {
    const text = 'a,b\nc,"d\ne,f\ng,h"i\nj,k';
    expect(scan(Buffer.from(text), 2)).toEqual([
      { line: 1, record: ["a", "b"], quick: true },
      { line: 2, record: expect.stringContaining("text follows the quote"), quick: false },
      { line: 3, record: ["e", "f"], quick: true },
      { line: 4, record: expect.stringContaining("a quote stands inside"), quick: false },
      { line: 5, record: ["j", "k"], quick: true },
    ]);
  });

  it("names the field whose text is Latin-1, on its line only", () => {
    const found = scan(Buffer.from("a,b\nc,Andr\xe9\nd,Zoë\n", "latin1"), 2);
    expect(found.map(({ line, record }) => [line, typeof record])).toEqual([
      [1, "object"],
      [2, "string"],
      [3, "string"],
    ]);
    expect(found[1]?.record).toContain("not UTF-8");
  });

  it("gives up a quote that is never closed and a line that never ends, each with one fault", () => {
    const open = `a,"b\n${"c,d\n".repeat(MOST_RECORD_BYTES / 2)}`;
    for (const chunk of [64 * 1024, open.length]) {
      const found = scan(Buffer.from(open), 2, { chunk });
      expect(found[0]).toEqual({
        line: 1,
        record: "the quote that begins a field is not closed",
        quick: false,
      });
      expect(found).toHaveLength(1 + MOST_RECORD_BYTES / 2);
      expect(found.at(-1)?.line).toBe(found.length);
    }
    const long = `a,${"x".repeat(MOST_RECORD_BYTES * 2)}\nc,d\n`;
    for (const chunk of [64 * 1024, long.length]) {
      expect(scan(Buffer.from(long), 2, { chunk })).toEqual([
        { line: 1, record: `the line has more than ${MOST_RECORD_BYTES} bytes`, quick: false },
        { line: 2, record: ["c", "d"], quick: true },
      ]);
    }
  });
});
