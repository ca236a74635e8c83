import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { CsvScanner, type Reject } from "../../../../src/lambda/warehouse/run/csv/scanner.ts";
import { DATASETS, type Dataset, type DatasetName } from "../../../../src/lambda/warehouse/run/datasets.ts";

const ORDERS = "order_id,customer_id,order_date,product_id,unit_price,quantity,total_price";

function dataset(name: DatasetName): Dataset {
  const found = DATASETS.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
}

/** Scans text in pieces of a given size. */
function scan(name: DatasetName, content: string | Buffer, pieceBytes = 64 * 1024) {
  const rejects: Reject[] = [];
  const scanner = new CsvScanner(dataset(name), "file.csv", (reject) => rejects.push(reject));
  const bytes = Buffer.from(content as string);
  let out = "";
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    out += scanner.push(bytes.subarray(at, at + pieceBytes)).toString();
  }
  out += scanner.end().toString();
  return {
    scanner,
    out,
    rejects,
    refusals: rejects.map(({ line, column, code }) => `${line} ${column} ${code}`),
  };
}

/** Numbers that look random and are the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("CsvScanner", () => {
  it("numbers rows by their lines, in the header's order of columns", () => {
    const { out, scanner } = scan("reviews", "product_id,review\n7,5\n\n8,\n");
    expect(scanner.columns).toEqual(["product_id", "review"]);
    expect(out).toBe("2,7,5\n4,8,\n");
    expect(scanner.rows).toBe(2);
  });

  it.each([
    ["CRLF", "review,product_id\r\n1,2\r\n3,4\r\n"],
    ["no final newline", "review,product_id\n1,2\n3,4"],
    ["a byte order mark", "\ufeffreview,product_id\n1,2\n3,4\n"],
    ["quotes around everything", '"review","product_id"\n"1","2"\n"3","4"\n'],
    ["white space and capitals", " Review ,PRODUCT_ID\n 1, 2\n3 ,4 \n"],
    ["a column that nobody knows", "review,product_id,mood\n1,2,fine\n3,4,\n"],
  ])("takes %s", (_what, text) => {
    for (const piece of [1, 3, 1000]) expect(scan("reviews", text, piece).out).toBe("2,1,2\n3,3,4\n");
  });

  it("tells of left-out columns, refuses missing ones, double ones and empty files", () => {
    expect(scan("reviews", "review,mood,product_id\n1,x,2\n").scanner.extraColumns).toEqual(["mood"]);
    expect(() => scan("reviews", "review\n1\n")).toThrow(/lacks the column product_id: its header is review/);
    expect(() => scan("reviews", "review,review,product_id\n")).toThrow(/has the column review twice/);
    expect(() => scan("reviews", "")).toThrow(/file.csv is empty/);
    expect(() => scan("orders", `${ORDERS}\n`)).toThrow(/a header and no rows/);
    expect(scan("reviews", "review,product_id\n").out).toBe("");
  });

  it("refuses what is at fault with line, column and reason, and takes the rest", () => {
    const rows = [
      "1,2,2022-02-28,3,10,1,10",
      "2,2,2022-02-30,3,10,1,10",
      "x3,2,2022-02-28,3,10,1,10",
      "4,2,2022-02-28,3,1o,1,10",
      "5,2,2022-02-28,3,10,99999999999,10",
      "6,2,2022-02-28,3,10",
      ",2,2022-02-28,3,10,1,10",
      '8,"2,2022-02-28,3,10,1,10',
      '9,2"2,2022-02-28,3,10,1,10',
      "10,,,,,,",
      "11,2,2100-02-29,3,10,1,10",
      "12,-2,2000-02-29,3,10.50,-1,.5",
    ];
    const { out, refusals, rejects } = scan("orders", `${ORDERS}\n${rows.join("\n")}\n`, 17);
    expect(out).toBe("2,1,2,2022-02-28,3,10,1,10\n11,10,,,,,,\n13,12,-2,2000-02-29,3,10.50,-1,.5\n");
    expect(refusals).toEqual([
      "3 order_date NOT_A_DATE",
      "4 order_id NOT_AN_INTEGER",
      "5 unit_price NOT_A_NUMBER",
      "6 quantity NOT_AN_INTEGER",
      "7  COLUMN_COUNT",
      "8 order_id REQUIRED",
      "9  MALFORMED",
      "10  MALFORMED",
      "12 order_date NOT_A_DATE",
    ]);
    expect(rejects[0]).toMatchObject({
      raw: rows[1],
      reason: '"2022-02-30" is no day of the calendar (yyyy-mm-dd)',
    });
    expect(rejects[6]?.reason).toMatch(/quote/i);
  });

  it("keeps text as it is, and escapes what COPY would take for its own", () => {
    const { out } = scan("dim_products", 'product_id,product_name\n1,"a,b ""c""\\\n d"\n2,  spaced \n3,""\n');
    expect(out).toBe('2,1,a\\,b "c"\\\\\\n d\n4,2,  spaced \n5,3,\n');
  });

  it("refuses bytes that are no UTF-8, and NUL", () => {
    const bytes = Buffer.concat([
      Buffer.from("product_id,product_name\n1,"),
      Buffer.from([0xff]),
      Buffer.from("\n2,a\0b\n"),
    ]);
    expect(scan("dim_products", bytes).refusals).toEqual(["2  INVALID_UTF8", "3  INVALID_UTF8"]);
  });

  it("knows keys that ascend, which can't come twice", () => {
    const keys = (...ids: number[]) =>
      scan(
        "shipments",
        `shipment_id,order_id,shipment_date,delivery_date\n${ids.map((id) => `${id},1,,\n`).join("")}`,
      );
    expect(keys(1, 2, 10).scanner.keysAscend).toBe(true);
    expect(keys(1, 2, 2).scanner.keysAscend).toBe(false);
    expect(keys(2, 1).scanner.keysAscend).toBe(false);
  });

  it("a quote that is never closed costs one line, and no memory beyond a record's", () => {
    const many = "1,2\n".repeat(600_000);
    const { scanner, refusals } = scan("reviews", `review,product_id\n"1,2\n${many}`);
    expect(refusals).toEqual(["2  MALFORMED"]);
    expect(scanner.rows).toBe(600_001);
  });

  it("makes of any file what csv-parse and the rules make of it, whatever the pieces", () => {
    const next = random(7);
    const pick = <T>(values: readonly T[]): T => values[next(values.length)] as T;
    const ints = [
      "0",
      "7",
      "123456789012345",
      "1234567890123456",
      "9223372036854775808",
      "-5",
      "+6",
      "1.0",
      "x",
      "",
      " 4 ",
    ];
    const dates = [
      "2022-07-13",
      "2020-02-29",
      "2021-02-29",
      "2022-13-01",
      "2022-7-1",
      "",
      "0000-01-01",
      "2022-07-13 ",
    ];
    const decimals = ["12", "12.", "12.50", ".5", "1e5", "-3.25", "", "1,5", "999999999999999999"];
    const smalls = ["1", "2147483647", "2147483648", "", "-1"];
    const quoted = (value: string) => (/[",]/.test(value) || next(4) === 0 ? `"${value}"` : value);
    for (let file = 0; file < 60; file++) {
      const newline = pick(["\n", "\r\n"]);
      const plain = next(2) === 0;
      const rows = Array.from({ length: 40 }, (_, index) => {
        if (plain || next(3) > 0)
          return `${index},${next(99)},2022-0${1 + next(9)}-1${next(10)},${next(9)},${next(99)}.5,1,`;
        return [pick(ints), pick(ints), pick(dates), pick(ints), pick(decimals), pick(smalls), pick(decimals)]
          .map(quoted)
          .join(",");
      });
      const text = `${ORDERS}${newline}${rows.join(newline)}${pick(["", newline])}`;
      const expected = reference(text);
      for (const piece of [1 + next(50), 64 * 1024]) {
        const { out, rejects, scanner } = scan("orders", text, piece);
        expect({ out, refused: rejects.map(({ line }) => line) }).toEqual(expected);
        expect(scanner.rows).toBe(40);
      }
    }
  });
});

/** The same by csv-parse and one expression a type. */
function reference(text: string): { out: string; refused: number[] } {
  const records = parse(text, { info: true, relax_column_count: true }) as unknown as {
    info: { lines: number };
    record: string[];
  }[];
  let out = "";
  const refused: number[] = [];
  for (const [index, { record: untrimmed }] of records.slice(1).entries()) {
    const line = index + 2;
    const record = untrimmed.map((field) => field.trim());
    const types = ["key", "id", "date", "id", "decimal", "small", "decimal"] as const;
    const good = types.every((type, at) => fits(type, record[at] ?? ""));
    if (!good) refused.push(line);
    else out += `${[line, ...record.map((value, at) => canonical(types[at] ?? "", value))].join(",")}\n`;
  }
  return { out, refused };
}

const INT64 = 2n ** 63n;

function fits(type: string, value: string): boolean {
  if (value === "") return type !== "key";
  if (type === "date") {
    const time = new Date(`${value}T00:00:00Z`);
    return (
      /^\d{4}-\d\d-\d\d$/.test(value) &&
      value >= "0001" &&
      !Number.isNaN(+time) &&
      time.toISOString().startsWith(value)
    );
  }
  if (type === "decimal") return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value);
  if (!/^[+-]?\d+$/.test(value)) return false;
  const limit = type === "small" ? 2n ** 31n : INT64;
  return BigInt(value.replace("+", "")) < limit && BigInt(value.replace("+", "")) >= -limit;
}

function canonical(type: string, value: string): string {
  return value !== "" && (type === "id" || type === "key" || type === "small")
    ? value.replace("+", "")
    : value;
}
