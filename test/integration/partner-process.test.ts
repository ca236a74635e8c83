import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KINDS, type Kind } from "../../src/lambda/partner/process/day-file.ts";
import type { Engine } from "../../src/local/engine.ts";
import { startTestEngine } from "../support/engine.ts";
import { PartnerStage, type Sent } from "../support/partner.ts";
import { temporaryDirectory } from "../support/services.ts";
import { csv } from "../unit/lambda/partner/day.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let engine: Engine;
let stage: PartnerStage;
let days = 0;

beforeAll(async () => {
  directory = await temporaryDirectory();
  engine = await startTestEngine(directory.path);
  stage = await PartnerStage.open(engine.endpoint, "test");
});
afterAll(async () => {
  stage.close();
  await engine.close();
  await directory.remove();
});

const FILES = {
  customers: csv("customers", "1,Ada,B,c-1,active", "2,Bo,D,c-2,active", "3,Cy,E,Zoë 3,", "x"),
  orders: csv("orders", "1,c-1,new,o-1,1676539508", "2,Zoë 3,new,o-2,1676539508", "3,c-9,new,o-3,1676539508"),
  items: csv("items", "1,o-1,A,3,12345678901234567.01", "2,o-2,B,1,87.50", "3,o-1,C,1,0.99", "4,o-9,D,1,1"),
};
const MESSAGES = [
  '{"type":"customer_message","customer_reference":"c-1","number_of_orders":1,"total_amount_spent":12345678901234568}',
  '{"type":"customer_message","customer_reference":"c-2","number_of_orders":0,"total_amount_spent":0}',
  '{"type":"customer_message","customer_reference":"Zoë 3","number_of_orders":1,"total_amount_spent":87.5}',
];
/** A row without fields, an order without a customer, an item without an order. */
const ERRORS = 3;

/** A day that no other test has. */
function newDay(folder = "incoming/") {
  const date = new Date(Date.UTC(2022, 0, 1 + days++)).toISOString().slice(0, 10);
  return { date, key: (kind: Kind) => `${folder}${kind}_${date.replaceAll("-", "")}.csv` };
}

async function uploadDay(
  day: ReturnType<typeof newDay>,
  files: Partial<Record<Kind, string | Buffer>> = FILES,
) {
  const records = [];
  for (const kind of KINDS) {
    const body = files[kind];
    if (body !== undefined) records.push(await stage.upload(day.key(kind), body));
  }
  return records;
}

async function giveAll(records: Awaited<ReturnType<typeof uploadDay>>) {
  for (const record of records) expect(await stage.give(record)).toBe(true);
}

const bodies = (sent: Sent[], type: string) =>
  sent
    .map(({ body }) => body)
    .filter((body) => body.startsWith(`{"type":"${type}_message"`))
    .sort();
const withoutFile = (sent: Sent[]) =>
  sent.map(({ body, version }) => `${version} ${body.replace(/_\d{8}\.csv/, "")}`).sort();

describe("a day", () => {
  it("runs once, when its last file has come, whichever it is, with the same messages", async () => {
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ] as const;
    const outcomes = [];
    for (const order of orders) {
      const day = newDay("incoming/a b+c/");
      for (const [position, index] of order.entries()) {
        const kind = KINDS[index] as Kind;
        expect(await stage.give(await stage.upload(day.key(kind), FILES[kind]))).toBe(true);
        expect((await stage.reports()).filter(({ date }) => date === day.date)).toHaveLength(
          position === 2 ? 1 : 0,
        );
      }
      const sent = await stage.sent();
      expect(bodies(sent, "customer")).toEqual([...MESSAGES].sort());
      expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(sent.length);
      outcomes.push(withoutFile(sent));
    }
    for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
  });

  it("runs once when all three files come at the same second, and nothing more when they are told of again", async () => {
    const day = newDay();
    const records = await uploadDay(day);
    expect(await Promise.all(records.map((record) => stage.give(record)))).toEqual([true, true, true]);
    await giveAll(records);
    expect(await stage.sent()).toHaveLength(MESSAGES.length + ERRORS);
    const [report, ...more] = (await stage.reports()).filter(({ date }) => date === day.date);
    expect(more).toEqual([]);
    expect(report).toMatchObject({ outcome: "processed", customers: 3, messages: 3, errors: ERRORS });
    expect(report?.files.map(({ rows, processed, rejected }) => [rows, processed, rejected])).toEqual([
      [4, 3, 1],
      [3, 2, 1],
      [4, 3, 1],
    ]);
  });

  it("keeps a record of each customer, and sends what a corrected file changes with a higher version", async () => {
    const day = newDay();
    await giveAll(await uploadDay(day));
    const first = await stage.sent();
    await giveAll([await stage.upload(day.key("items"), FILES.items.replace("87.50", "88"))]);
    const second = await stage.sent();
    expect(bodies(second, "customer")).toEqual([MESSAGES[2]?.replace("87.5", "88")]);
    expect(second.every(({ version }) => version === 2)).toBe(true);
    const ids = new Set([...first, ...second].map(({ messageId }) => messageId));
    expect(ids.size).toBe(first.length + second.length);
    const rows = (await stage.rows()).filter(({ date }) => date?.S === day.date);
    expect(
      rows
        .map((row) => [row.customer_reference?.S, row.total_amount_spent?.N, row.version?.N, row.status?.S])
        .sort(),
    ).toEqual([
      ["Zoë 3", "88", "2", "sent"],
      ["c-1", "12345678901234568", "1", "sent"],
      ["c-2", "0", "1", "sent"],
    ]);
  });

  it("tells of customers that a corrected file does not have any more, and keeps their records", async () => {
    const day = newDay();
    await giveAll(await uploadDay(day));
    await stage.sent();
    const customers = csv("customers", "1,Ada,B,c-1,active", "3,Cy,E,Zoë 3,");
    // A day that is refused in between changes nothing of what was processed.
    await giveAll([await stage.upload(day.key("customers"), "")]);
    await giveAll([await stage.upload(day.key("customers"), customers)]);
    const told = bodies(await stage.sent(), "error").map((body) => JSON.parse(body));
    expect(told.filter(({ message }) => message.includes("not any more"))).toMatchObject([
      { customer_reference: "c-2", file: day.key("customers"), line: null },
    ]);
    expect((await stage.rows()).filter(({ date }) => date?.S === day.date)).toHaveLength(3);
  });

  it("that cannot be read is refused with its reasons, and runs when the file is corrected", async () => {
    const day = newDay();
    const items = Buffer.from(FILES.items.replaceAll(",", ";"));
    await giveAll(await uploadDay(day, { ...FILES, items, customers: "" }));
    const sent = (await stage.sent()).map(({ body }) => JSON.parse(body));
    expect(sent).toEqual([
      expect.objectContaining({
        file: day.key("customers"),
        line: 1,
        message: "the file is empty, it lacks even a header",
      }),
      expect.objectContaining({
        file: day.key("items"),
        message: "the fields are separated by semicolons, not by commas",
      }),
    ]);
    await giveAll(await uploadDay(day, { customers: FILES.customers, items: FILES.items }));
    expect(bodies(await stage.sent(), "customer")).toEqual([...MESSAGES].sort());
    const outcomes = (await stage.reports())
      .filter(({ date }) => date === day.date)
      .map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(["processed", "refused"]);
  });
});

describe("a message that tells of no day's file", () => {
  it.each([
    ["incoming/items_20220230.csv", "NO_SUCH_DAY"],
    ["incoming/items.csv", "UNKNOWN_FILE"],
  ])("goes to the dead-letter queue with its cause: %s", async (key, errorCode) => {
    expect(await stage.give(await stage.upload(key, "x"))).toBe(true);
    const [letter] = await stage.take(stage.environment.dlqUrl);
    expect(JSON.parse(letter?.MessageAttributes?.["edp-cause"]?.StringValue ?? "{}")).toMatchObject({
      errorCode,
    });
  });

  it("is passed over where it is the object that stands for a folder", async () => {
    expect(await stage.give(await stage.upload("incoming/2022/", ""))).toBe(true);
    expect(await stage.take(stage.environment.dlqUrl)).toEqual([]);
  });
});

describe("a crash", () => {
  it("after any single write loses nothing, doubles no record, and repeats at most one message", async () => {
    const day = newDay();
    const [, , last] = await uploadDay(day);
    stage.crashAt(Number.POSITIVE_INFINITY);
    if (last) await giveAll([last]);
    const writes = stage.writes;
    const expected = withoutFile(await stage.sent());
    expect(expected).toHaveLength(MESSAGES.length + ERRORS);
    // The claim, the records, two writes a message, the report, the end.
    expect(writes).toBe(2 * expected.length + 4);
    let repeats = 0;
    for (let write = 1; write <= writes; write++) {
      const crashed = newDay();
      const [, , record] = await uploadDay(crashed);
      stage.crashAt(write);
      expect(record && (await stage.give(record))).toBe(false);
      expect(stage.revive(), `write ${write}`).toBe(true);
      expect(record && (await stage.give(record))).toBe(true);
      const sent = await stage.sent();
      const once = [...new Map(sent.map((message) => [message.messageId, message])).values()];
      expect(withoutFile(once), `write ${write}`).toEqual(expected);
      expect(sent.length - once.length, `write ${write}`).toBeLessThanOrEqual(1);
      repeats += sent.length - once.length;
      const rows = (await stage.rows(true)).filter(
        ({ date, id }) => date?.S === crashed.date || id?.S?.includes(crashed.date),
      );
      expect(rows.filter(({ status }) => status?.S === "sent")).toHaveLength(MESSAGES.length);
      // Beside the customers, what was done; and no claim.
      expect(rows).toHaveLength(MESSAGES.length + 1);
    }
    // Exactly the crashes between sending a message and noting it.
    expect(repeats).toBe(expected.length);
  });

  it("of a large day repeats at most a batch of each lane", async () => {
    const count = 1_010;
    const customers = csv("customers", ...Array.from({ length: count }, (_, n) => `${n},A,B,c-${n},active`));
    let most = 0;
    for (const write of [60, 121]) {
      const day = newDay();
      const [, , record] = await uploadDay(day, { customers, orders: csv("orders"), items: csv("items") });
      stage.crashAt(write);
      expect(record && (await stage.give(record))).toBe(false);
      stage.revive();
      expect(record && (await stage.give(record))).toBe(true);
      const sent = await stage.sent();
      expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(count);
      most = Math.max(most, sent.length - count);
    }
    expect(most).toBeLessThanOrEqual(80);
    expect(most).toBeGreaterThan(0);
  });
});
