import { describe, expect, it } from "vitest";
import { Random } from "../../../../src/ingest/random.ts";
import { parseDayFile, siblingKey } from "../../../../src/lambda/partner/process/day-file.ts";
import { readHead } from "../../../../src/lambda/partner/process/head.ts";
import { hashOf, KeyTable } from "../../../../src/lambda/partner/process/key-table.ts";
import { customerBody, errorBody } from "../../../../src/lambda/partner/process/messages.ts";
import { parseAmount, printAmount, quickAmount } from "../../../../src/lambda/partner/process/money.ts";
import { HEADERS } from "./day.ts";

const DIGITS = [..."0123456789012345.-e "] as [string, ...string[]];

describe("a day's file", () => {
  it("is known by its name, in any folder", () => {
    const file = parseDayFile("incoming/a b+c/items_20240229.csv");
    expect(file).toEqual({
      kind: "items",
      compact: "20240229",
      date: "2024-02-29",
      folder: "incoming/a b+c/",
    });
    expect(siblingKey(file, "orders")).toBe("incoming/a b+c/orders_20240229.csv");
  });

  it.each([
    ["incoming/items_20220230.csv", "NO_SUCH_DAY"],
    ["items_20221301.csv", "NO_SUCH_DAY"],
    ["incoming/items_2022013.csv", "UNKNOWN_FILE"],
    ["items_20220130.csv.zip", "UNKNOWN_FILE"],
    ["Items_20220130.csv", "UNKNOWN_FILE"],
  ])("is not %s: %s", (key, errorCode) => {
    expect(() => parseDayFile(key)).toThrow(expect.objectContaining({ errorCode }));
  });
});

describe("the head of a file", () => {
  const fault = (head: string | Buffer) => {
    const layout = readHead("items", Buffer.from(head as string), true);
    return Array.isArray(layout) ? layout.map(({ message }) => message).join("; ") : layout;
  };

  it.each([
    ["", "the file is empty, it lacks even a header"],
    ["\n\n", "the file has no header at its beginning"],
    ["PK\x03\x04rest", "the file is a zip archive (or a spreadsheet), not CSV in UTF-8"],
    [Buffer.from(`\ufeff${HEADERS.items}\n`, "utf16le"), "the file is UTF-16 text, not CSV in UTF-8"],
    [`${HEADERS.items.replaceAll(",", ";")}\n`, "the fields are separated by semicolons, not by commas"],
    [`${HEADERS.items}\r1,a,b,1,1\r`, "the lines end with CR alone, not with LF or CR LF"],
    [
      "id,order_reference,item_name,total_price\n",
      /^the header lacks the column quantity; it has "id", "order/,
    ],
    [`${HEADERS.items},id\n`, "the header has the column id more than once"],
    ['id,"order\n', "the header: the quote that begins a field is not closed"],
  ])("%# is refused with the reason", (head, message) => {
    expect(fault(head)).toMatch(message);
  });

  it("may be all of the file, in any order, with a byte order mark", () => {
    expect(fault(`\ufeffnote,${HEADERS.items}`)).toMatchObject({
      width: 6,
      position: { id: 1, total_price: 5 },
    });
  });
});

describe("an amount", () => {
  it("is printed as JSON has it, exact and without trailing zeros", () => {
    const printed = [
      "87.50",
      "40",
      "40.0",
      "0",
      "0.00",
      "007.1",
      "12345678901234567.01",
      "0.00000001",
      "100",
    ];
    expect(printed.map((text) => printAmount(parseAmount(text) as bigint))).toEqual([
      "87.5",
      "40",
      "40",
      "0",
      "0",
      "7.1",
      "12345678901234567.01",
      "0.00000001",
      "100",
    ]);
  });

  it("is the same whether it is read quickly or thoroughly", () => {
    const random = new Random("3", "partner");
    const wrong: string[] = [];
    let quick = 0;
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: random.next() * 14 }, () => random.pick(DIGITS)).join("");
      const units = quickAmount(Buffer.from(text), 0, text.length);
      if (units === -1) continue;
      quick++;
      if (BigInt(units) !== parseAmount(text)) wrong.push(text);
    }
    expect(wrong).toEqual([]);
    expect(quick).toBeGreaterThan(3_000);
  });
});

describe("a table of references", () => {
  it("finds each of many again and no other, as a Map does", () => {
    const random = new Random("5", "partner");
    const table = new KeyTable();
    const map = new Map<string, number>();
    const wrong: string[] = [];
    for (let round = 0; round < 60_000; round++) {
      const text = `${"é".repeat(random.next() * 60)}${Math.floor(random.next() * 30_000)}`;
      const bytes = Buffer.from(text);
      const entry = table.find(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length));
      if ((entry === -1 ? undefined : table.value(entry)) !== map.get(text)) wrong.push(text);
      if (entry !== -1) continue;
      map.set(text, round);
      table.add(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length), round);
    }
    expect(wrong).toEqual([]);
    expect(Array.from({ length: table.size }, (_, entry) => table.key(entry))).toEqual([...map.keys()]);
  });
});

describe("a message", () => {
  it("holds no character that SQS refuses, and says the same", () => {
    const reference = "c-\ufffe\uffff";
    const fault = {
      line: 2,
      column: null,
      message: "bad",
      customerReference: reference,
      orderReference: null,
    };
    for (const body of [customerBody({ reference, orders: 1, amount: "1" }), errorBody(fault, "c.csv")]) {
      expect(body).not.toMatch(/[\ufffe\uffff]/);
      expect(JSON.parse(body).customer_reference).toBe(reference);
    }
  });

  it("quotes a right reference whole, and never so much of a row that it could not be sent", () => {
    const bodyOf = (text: string) =>
      errorBody(
        { line: 2, column: text, message: "bad", customerReference: text, orderReference: text },
        "c.csv",
      );
    expect(JSON.parse(bodyOf("x".repeat(255))).order_reference).toHaveLength(255);
    expect(bodyOf("\u0001".repeat(250_000)).length).toBeLessThan(5_000);
  });
});
