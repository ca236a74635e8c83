import Big from "big.js";
import { describe, expect, it } from "vitest";
import { Random } from "../../../../src/ingest/random.ts";
import { KINDS } from "../../../../src/lambda/partner/process/day-file.ts";
import { csv, HEADERS, join } from "./day.ts";

const DAY = {
  customers: csv("customers", "1,Ada,Byron,c-1,active", "2,Bo,Diaz,c-2,active"),
  orders: csv("orders", "1,c-1,Delivered,o-1,1676539508", "2,c-1,cancelled,o-2,1676539608"),
  items: csv("items", "1,o-1,XYZ,2,20", "2,o-1,ABC,1,55.00", "3,o-2,BBB,1,12.5"),
};

/** Faults in one line each: file, line, column. */
const places = ({ faults }: Awaited<ReturnType<typeof join>>) =>
  faults.map(({ kind, line, column }) => `${kind}:${line}:${column}`);

describe("a day's totals", () => {
  it("are orders of every status and the sum of total_price, never times quantity", async () => {
    const { customers, counts, faults } = await join(DAY);
    expect(customers).toEqual([
      { reference: "c-1", orders: 2, amount: "87.5" },
      { reference: "c-2", orders: 0, amount: "0" },
    ]);
    expect(counts).toEqual({
      customers: { rows: 2, rejected: 0 },
      orders: { rows: 2, rejected: 0 },
      items: { rows: 3, rejected: 0 },
    });
    expect(faults).toEqual([]);
  });

  it("don't care for the order of columns, extra columns, a byte order mark, CR LF, quotes or blank lines", async () => {
    const { customers, faults } = await join({
      customers: `\ufeff${DAY.customers.replaceAll("\n", "\r\n")}`,
      orders: `order_reference, order_timestamp ,note,id,order_status,customer_reference\n\no-1,1,"a, ""b""\n",1,x,c-1\n\no-2,2,,2,x,c-1`,
      items: DAY.items.replaceAll(/[^,\n]+/g, '"$&"'),
    });
    expect(faults).toEqual([]);
    expect(customers[0]).toEqual({ reference: "c-1", orders: 2, amount: "87.5" });
  });

  it("are exact far beyond what a float holds", async () => {
    const prices = ["12345678901234567", "0.01", "0.00000001", "99999999999999999999.99999999", "0.1", "0.2"];
    const { customers } = await join({
      ...DAY,
      items: csv("items", ...prices.map((p, n) => `${n + 1},o-1,x,1,${p}`)),
    });
    expect(customers[0]?.amount).toBe(prices.reduce((sum, price) => sum.plus(price), new Big(0)).toFixed());
    const one = await join({ ...DAY, items: csv("items", "1,o-1,x,1,12345678901234567.01") });
    expect(one.customers[0]?.amount).toBe("12345678901234567.01");
  });

  it("agree with a plain join in big decimals, in memory, in partitions, quick or through csv-parse", async () => {
    for (const seed of [1, 2, 3]) {
      const { files, expected, faults } = generate(seed);
      const plain = await join(files);
      expect(plain.customers).toEqual(expected);
      expect(new Set(places(plain))).toEqual(faults);
      expect(plain.faults).toHaveLength(faults.size);
      const sorted = (joined: typeof plain) => places(joined).sort();
      for (const options of [{ ordersInMemory: 4_000 }, { thorough: true }, { chunk: 1_000 }]) {
        const other = await join(files, options);
        expect(other.customers).toEqual(plain.customers);
        expect(other.counts).toEqual(plain.counts);
        expect(sorted(other)).toEqual(sorted(plain));
      }
    }
  });
});

it("faults that only the join finds are written away while it runs, never all of them held", async () => {
  const rows = Array.from({ length: 30_000 }, (_, n) => n);
  const taken = { faults: 0, most: 0 };
  const faults: number[] = [];
  await join(
    {
      customers: csv("customers", "1,A,B,c-1,active"),
      orders: csv("orders", ...rows.slice(0, 200).map((n) => `${n},c-1,x,order-${n},1`)),
      items: csv("items", ...rows.map((n) => `${n},nowhere-${n},x,1,5`)),
    },
    {
      ordersInMemory: 3_000,
      breathe: async () => {
        taken.most = Math.max(taken.most, faults.length - taken.faults);
        taken.faults = faults.length;
      },
      onFault: (_kind, { line }) => faults.push(line ?? 0),
    },
  );
  expect(faults).toHaveLength(rows.length);
  expect(taken.faults).toBe(rows.length);
  expect(taken.most).toBeLessThan(rows.length / 5);
});

describe("a row with a fault", () => {
  const faultsOf = async (change: Partial<typeof DAY>) => {
    const joined = await join({ ...DAY, ...change });
    return joined.faults.map(
      ({ kind, line, column, message }) => `${kind} line ${line}, ${column ?? "record"}: ${message}`,
    );
  };

  it("is told with its line, column and reason, and the other rows count", async () => {
    const items = csv(
      "items",
      "1,o-1,x,1,-5",
      "2,o-1,x,1,abc",
      "3,o-1,x,1,",
      ",o-1,x,many,1e3",
      "5,o-9,x,1,1",
      "6,o-1,x,1",
      '7,o-1,"x,1,1',
      "8,o-1,x,1,1.123456789",
      "9, o-1,x,-1,1",
      '10,o-1,"two',
      'lines",1,oops',
      "11,o-1,x,1,2",
    );
    expect(await faultsOf({ items })).toMatchInlineSnapshot(`
      [
        "items line 2, total_price: the amount is negative",
        "items line 3, total_price: the amount is no decimal number such as 12.50",
        "items line 4, total_price: the field is empty",
        "items line 5, id: the field is empty",
        "items line 5, quantity: the quantity is no number",
        "items line 5, total_price: the amount is no decimal number such as 12.50",
        "items line 6, order_reference: no order of the day has this reference",
        "items line 7, record: the record has 4 fields, the header has 5",
        "items line 8, item_name: text follows the quote that ends the field; inside quotes a quote is written """,
        "items line 9, total_price: the amount has more than 20 digits before or 8 after the point",
        "items line 10, order_reference: the reference has white space at its beginning or end",
        "items line 10, quantity: the quantity is negative",
        "items line 11, total_price: the amount is no decimal number such as 12.50",
      ]
    `);
    const { customers, counts } = await join({ ...DAY, items });
    expect(customers[0]?.amount).toBe("2");
    expect(counts.items).toEqual({ rows: 11, rejected: 10 });
  });

  it("takes what belongs to it along, and says why", async () => {
    const change = {
      customers: csv("customers", "1,A,B,c-1,active", ",C,D,c-2,active", "3,E,F,c-1,active", "4,G,H,,active"),
      orders: csv(
        "orders",
        "1,c-1,x,o-1,1",
        "2,c-2,x,o-2,1",
        "3,c-3,x,o-3,1",
        "4,c-1,x,o-1,1",
        "5,c-1,x,o-5,noon",
      ),
      items: csv("items", "1,o-1,x,1,5", "2,o-2,x,1,5", "3,o-3,x,1,5", "4,o-4,x,1,5", "5,o-5,x,1,5"),
    };
    expect(await faultsOf(change)).toMatchInlineSnapshot(`
      [
        "customers line 3, id: the field is empty",
        "customers line 4, customer_reference: the reference is on line 2 already",
        "customers line 5, customer_reference: the field is empty",
        "orders line 3, customer_reference: the customer's own row, line 3, is at fault",
        "orders line 4, customer_reference: no customer of the day has this reference",
        "orders line 5, order_reference: an earlier row has the same order_reference",
        "orders line 6, order_timestamp: the time is neither Unix seconds nor ISO 8601",
        "items line 3, order_reference: the row of its order is at fault",
        "items line 4, order_reference: the row of its order is at fault",
        "items line 5, order_reference: no order of the day has this reference",
        "items line 6, order_reference: the row of its order is at fault",
      ]
    `);
    const { customers, counts, faults } = await join(change);
    expect(customers).toEqual([{ reference: "c-1", orders: 1, amount: "5" }]);
    expect(KINDS.map((kind) => counts[kind].rejected)).toEqual([3, 4, 4]);
    expect(faults.find(({ line, kind }) => kind === "orders" && line === 5)).toMatchObject({
      customerReference: "c-1",
      orderReference: "o-1",
    });
  });

  it("is one whose text is Latin-1", async () => {
    const customers = Buffer.from(DAY.customers.replace("Bo", "Zo\xeb"), "latin1");
    expect(places(await join({ ...DAY, customers }))).toEqual(["customers:3:first_name"]);
  });
});

/** A day of some hundred rows a file with a share of faults, its totals in big decimals, and the faults' places. */
function generate(seed: number) {
  const random = new Random(String(seed), "partner");
  const faults = new Set<string>();
  const customers: string[] = [];
  const totals = new Map<string, { orders: number; amount: Big }>();
  for (let n = 0; n < 300; n++) {
    const reference =
      random.next() < 0.03 && n > 0 ? "c-0" : random.pick([`c-${n}`, `"c-${n}"`, `Zoë ${n}`, `"q""${n}"`]);
    customers.push(
      `${n},${random.pick(["Ada", '"Bo, ""B"""', "Zoë", ""])},Doe,${n === 0 ? "c-0" : reference},active`,
    );
    if (n > 0 && reference === "c-0") faults.add(`customers:${n + 2}:customer_reference`);
    else totals.set(n === 0 ? "c-0" : plain(reference), { orders: 0, amount: new Big(0) });
  }
  const known = [...totals.keys()];
  const orders: string[] = [];
  const owners = new Map<string, string>();
  for (let n = 0; n < 600; n++) {
    const orphan = random.next() < 0.05;
    const twice = n > 0 && random.next() < 0.05;
    const owner = orphan ? "nobody" : random.pick(known as [string, ...string[]]);
    const reference = twice ? "o-0" : `o-${n}`;
    orders.push(
      `${n},${n === 0 ? "c-0" : quote(owner)},${random.pick(["new", "cancelled", ""])},${reference},1676539508`,
    );
    if (n > 0 && orphan) faults.add(`orders:${n + 2}:customer_reference`);
    if (twice) faults.add(`orders:${n + 2}:order_reference`);
    if (twice || (orphan && n > 0)) continue;
    owners.set(reference, n === 0 ? "c-0" : owner);
    const total = totals.get(n === 0 ? "c-0" : owner);
    if (total) total.orders++;
  }
  const items: string[] = [];
  for (let n = 0; n < 2_000; n++) {
    const reference = `o-${Math.floor(random.next() * 620)}`;
    const whole = random.next() < 0.1 ? "12345678901234567890" : String(Math.floor(random.next() * 1_000));
    const price =
      random.next() < 0.04
        ? random.pick(["-1", "x", "", ".5", "5."])
        : `${whole}${random.pick(["", ".5", ".10", ".00000001"])}`;
    items.push(
      `${n},${reference},${random.pick(["Item", '"a, b"', '"5"""'])},${random.pick(["1", "2", "1.5"])},${price}`,
    );
    const right = /^\d+(\.\d+)?$/.test(price);
    if (!right) faults.add(`items:${n + 2}:total_price`);
    const owner = owners.get(reference);
    if (right && owner === undefined) faults.add(`items:${n + 2}:order_reference`);
    const total = right && owner !== undefined ? totals.get(owner) : undefined;
    if (total) total.amount = total.amount.plus(price);
  }
  const files = {
    customers: [HEADERS.customers, ...customers].join("\n"),
    orders: [HEADERS.orders, ...orders].join("\r\n"),
    items: [HEADERS.items, ...items, ""].join("\n"),
  };
  const expected = [...totals].map(([reference, { orders: count, amount }]) => ({
    reference,
    orders: count,
    amount: amount.toFixed(),
  }));
  return { files, expected, faults };
}

const plain = (field: string) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
const quote = (text: string) => (text.includes('"') ? `"${text.replaceAll('"', '""')}"` : text);
