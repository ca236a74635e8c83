import type { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Database } from "../../src/lambda/warehouse/run/database.ts";
import { postgresAvailable } from "../support/postgres.ts";
import { arrival, startWarehouse, type Warehouse } from "../support/warehouse.ts";

const ORDERS = "order_id,customer_id,order_date,product_id,unit_price,quantity,total_price";
const REVIEWS = "review,product_id";
const SHIPMENTS = "shipment_id,order_id,shipment_date,delivery_date";
const DAY_MS = 86_400_000;
const NOTHING = { batchItemFailures: [] };

const csv = (header: string, rows: readonly string[]) =>
  `${header}\n${rows.map((row) => `${row}\n`).join("")}`;
const order = (id: number, date: string, product = 1) => `${id},1,${date},${product},10,1,10`;

/** Three small files whose figures a person can work out, as of 2022-09-05. */
const BATCH = {
  "orders.csv": csv(ORDERS, [
    // Holidays of the United States: Labor Day 2021 is the first of the twelve months' days, that of 2022 the last.
    order(1, "2021-09-06"),
    order(2, "2021-12-24"), // Christmas Day observed, a Friday
    order(3, "2021-12-25"), // a Saturday: no working day anyway
    order(4, "2022-07-04", 2),
    order(5, "2022-07-04", 2),
    order(6, "2022-09-05", 2),
    order(7, "2022-09-06", 2), // a holiday or not, it is after the as-of date
    order(8, "2022-08-21", 2), // 15 days before
    order(9, "2022-08-22", 2), // 14 days before
    order(10, "", 2),
  ]),
  // Products 1 and 2 have 9 points each: the lower id wins.
  "reviews.csv": csv(REVIEWS, ["5,1", "4,1", "5,2", "3,2", "1,2"]),
  "shipments.csv": csv(SHIPMENTS, [
    "1,1,2021-09-12,", // 6 days: late
    "2,2,2021-12-29,", // 5 days: early
    "3,3,2022-01-10,2022-01-12", // late, but delivered: early
    "4,8,,", // undelivered for 15 days
    "5,9,,", // not yet
    "6,10,2022-09-01,", // no order date: neither
    "7,1,2021-09-30,", // a second shipment of order 1: late, too
  ]),
};

describe.skipIf(!postgresAvailable())("the warehouse's function", () => {
  let warehouse: Warehouse;
  const land = (
    files: Record<string, string> = BATCH,
    metadata: Record<string, string> = { "edp-as-of": "2022-09-05" },
  ) => warehouse.land(files, metadata);
  const figures = () =>
    warehouse.rows(
      "select p::text as holidays, s::text as shipments, b::text as best from analytics.agg_public_holiday p " +
        "full join analytics.agg_shipments s using (ingestion_date) full join analytics.best_performing_product b using (ingestion_date)",
    );
  const runs = () => warehouse.rows("select status, reason from if_common.runs order by started_at, run_id");
  const messages = () => warehouse.log.map(({ message }) => message);

  beforeAll(async () => {
    warehouse = await startWarehouse();
  });
  beforeEach(async () => {
    await warehouse.reset();
    warehouse.clock.now = Date.UTC(2022, 8, 5, 12);
  });
  afterAll(() => warehouse?.close());

  it("runs when the last of three files has come, and exports, reports and tells of it once", async () => {
    await land();
    expect(messages()).toContain("waiting for reviews.csv, shipment_deliveries.csv");
    expect(messages()).toContain("waiting for shipment_deliveries.csv");
    const [run] = await warehouse.reports();
    expect(run).toMatchObject({
      status: "succeeded",
      asOf: "2022-09-05",
      rows: 22,
      processed: 22,
      rejected: 0,
    });
    expect(run?.files).toMatchObject([
      { key: "orders_data/orders.csv", rows: 10, processed: 10, rejected: 0 },
      { key: "orders_data/reviews.csv", rows: 5 },
      { key: "orders_data/shipments.csv", rows: 7 },
    ]);
    const folder = "analytics_export/edp";
    expect(await warehouse.object(`${folder}/agg_public_holiday.csv`)).toMatch(
      /^ingestion_date,tt_order_hol_jan,.*,tt_order_hol_dec\n2022-09-05,0,0,0,0,0,0,2,0,2,0,0,1\n$/,
    );
    expect(await warehouse.object(`${folder}/2022-09-05/agg_shipments.csv`)).toBe(
      "ingestion_date,tt_late_shipments,tt_undelivered_items\n2022-09-05,2,1\n",
    );
    // Of 3 orders: shipped 6, 5 and 16 days after; the last is delivered.
    expect(await warehouse.object(`${folder}/best_performing_product.csv`)).toMatch(
      /\n2022-09-05,1,,2021-09-06,t,9,0\.00,0\.00,0\.00,50\.00,50\.00,66\.67,33\.33,0\.00\n$/,
    );
    const report = JSON.parse(await warehouse.object(`runs/2022-09-05/${run?.runId}.json`));
    expect(report).toMatchObject({ runId: run?.runId, files: run?.files, rejects: [] });
    expect(report.log.map((line: { message: string }) => line.message)).toContain("run begins");
    expect(warehouse.mails).toHaveLength(1);
    expect(warehouse.mails[0]?.Message).toContain("22: 22 loaded, 0 rejected");
  });

  it("is started by the three files in any order, under each of their names, once", async () => {
    const { "shipments.csv": shipments, ...rest } = BATCH;
    await land({
      "shipments_deliveries.csv": shipments,
      "dim_products.csv": "product_id,product_name\n1,Lamp\n2,\n",
    });
    await land({ "reviews.csv": rest["reviews.csv"], "orders.csv": rest["orders.csv"] });
    const [first] = await warehouse.rows("select product_name from analytics.best_performing_product");
    expect(first?.product_name).toBe("Lamp");
    expect(await runs()).toHaveLength(1);
  });

  it("takes the calendar of the batch where it brings one", async () => {
    const dates = csv("calendar_dt,day_of_the_week_num,working_day", [
      "2022-08-22,1,false",
      "2022-07-04,1,true",
    ]);
    await land({ "dim_dates.csv": dates, ...BATCH });
    const [row] = await warehouse.rows(
      "select tt_order_hol_jul as jul, tt_order_hol_aug as aug from analytics.agg_public_holiday",
    );
    expect(row).toEqual({ jul: "0", aug: "1" });
    expect((await warehouse.reports())[0]?.warnings[0]).toMatch(
      /dim_dates.csv lacks 6 days .* e.g. 2021-09-06/,
    );
  });

  it("runs once a UTC day unless forced, and a forced rerun gives the same figures", async () => {
    await land();
    const before = await figures();
    await land();
    expect(warehouse.deadLetters.map(({ cause }) => cause.errorCode)).toEqual(["ALREADY_RAN_TODAY"]);
    expect(await runs()).toHaveLength(1);
    await land(BATCH, { "edp-force": "true", "edp-as-of": "2022-09-05" });
    expect(await figures()).toEqual(before);
    expect((await warehouse.rows("select count(*) from staging.orders"))[0]).toEqual({ count: "10" });
    const direct = await warehouse.direct({ action: "run", force: true, asOf: "2022-09-05" });
    expect(direct).toMatchObject({ run: { kind: "ran", report: { forced: true, status: "succeeded" } } });
    expect(await figures()).toEqual(before);
    // A day later Labor Day 2021 is more than twelve months ago.
    await warehouse.direct({ action: "run", force: true, asOf: "2022-09-06" });
    expect(
      await warehouse.rows(
        "select tt_order_hol_sep as sep from analytics.agg_public_holiday order by ingestion_date",
      ),
    ).toEqual([{ sep: "2" }, { sep: "1" }]);
    // The next day the batch of the dead letter has been used: a replay finds nothing to do.
    warehouse.clock.now += DAY_MS;
    const again = warehouse.deadLetters[0]?.body ?? "";
    await warehouse.arrive([{ ...arrival("x", "y", "z"), body: again }]);
    expect(messages().at(-2)).toMatch(/an earlier run has used this version|waiting for/);
    await land();
    expect((await runs()).map(({ status }) => status)).toEqual(Array(5).fill("succeeded"));
  });

  it("a batch that was refused for its day runs on the next, by replaying its message", async () => {
    await land();
    await land();
    warehouse.clock.now += DAY_MS;
    await warehouse.arrive([{ ...arrival("x", "y", "z"), body: warehouse.deadLetters[0]?.body ?? "" }]);
    expect((await runs()).map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
  });

  it("keeps refused rows with file, line, column and reason, and takes the rest", async () => {
    await land({
      ...BATCH,
      "orders.csv": `${BATCH["orders.csv"]}11,1,2022-02-30,1,10,1,10\n2,1,2022-01-01,1,10,1,10\n2,1,2022-01-01,1,10,1,10\n`,
      "reviews.csv": `${BATCH["reviews.csv"]}6,1\n5,77\n`,
      "shipments.csv": `${BATCH["shipments.csv"]}8,11,2022-02-01,\n9,999,,\n`,
    });
    const rejects = await warehouse.rows(
      "select file, line::text, column_name, code, reason, raw from staging.rejects order by file, rejects.line",
    );
    const short = rejects.map(
      ({ file, line, column_name, code }) => `${file} ${line} ${column_name} ${code}`,
    );
    expect(short).toEqual([
      "orders_data/orders.csv 12 order_date NOT_A_DATE",
      "orders_data/orders.csv 13 order_id DUPLICATE",
      "orders_data/orders.csv 14 order_id DUPLICATE",
      "orders_data/reviews.csv 7 review NOT_AN_INTEGER",
      "orders_data/reviews.csv 8 product_id UNKNOWN_PRODUCT",
      "orders_data/shipments.csv 9 order_id NO_ORDER",
      "orders_data/shipments.csv 10 order_id NO_ORDER",
    ]);
    expect(rejects[1]).toMatchObject({
      reason: "order_id 2 is in line 3 already",
      raw: "2,1,2022-01-01,1,10,1,10",
    });
    const [run] = await warehouse.reports();
    expect(run).toMatchObject({ rows: 29, processed: 22, rejected: 7 });
    expect(run?.files[0]).toMatchObject({ rows: 13, processed: 10, rejected: 3 });
    expect(warehouse.mails[0]?.Message).toContain(
      "first rejected row: orders_data/orders.csv line 12, order_date",
    );
    expect(await warehouse.rows("select tt_late_shipments from analytics.agg_shipments")).toEqual([
      { tt_late_shipments: "2" },
    ]);
  });

  it.each([
    ["too many rows at fault", { "reviews.csv": csv(REVIEWS, Array(11).fill("9,1")) }, "TOO_MANY_REJECTS"],
    ["a missing column", { "orders.csv": "order_id,product_id\n1,2\n" }, "BAD_HEADER"],
    ["an empty file", { "reviews.csv": "" }, "EMPTY_FILE"],
  ])("fails for good on %s: nothing changes, and one mail says why", async (_what, files, code) => {
    await land();
    const before = await figures();
    warehouse.mails.length = 0;
    warehouse.clock.now += DAY_MS;
    await land({ ...BATCH, ...files });
    expect(warehouse.deadLetters.map(({ cause }) => cause.errorCode)).toEqual([code]);
    expect(await figures()).toEqual(before);
    expect((await warehouse.rows("select count(*) from staging.orders"))[0]).toEqual({ count: "10" });
    expect(warehouse.mails.map(({ Subject }) => Subject)).toEqual([expect.stringContaining("failed")]);
    expect(warehouse.mails[0]?.Message).toContain(code);
    expect((await warehouse.reports())[1]).toMatchObject({
      status: "failed",
      reason: { errorCode: code },
    });
    const refused = (await warehouse.reports())[1]?.files.filter((file) => file.refused !== null);
    expect(refused?.map(({ key }) => key)).toEqual(Object.keys(files).map((file) => `orders_data/${file}`));
    // The corrected file alone starts the next attempt, on the same day.
    await land(
      Object.fromEntries(Object.keys(files).map((file) => [file, BATCH[file as keyof typeof BATCH]])),
    );
    expect((await runs()).map(({ status }) => status)).toEqual(["succeeded", "failed", "succeeded"]);
  });

  it("sends a file that is none of a batch to the DLQ", async () => {
    await warehouse.arrive([await warehouse.put("invoices.csv", "x\n")]);
    await warehouse.arrive([
      await warehouse.put("orders.csv.csv", "x\n"),
      await warehouse.put("other/orders.csv", "x\n"),
    ]);
    expect(warehouse.deadLetters.map(({ cause }) => cause.errorCode)).toEqual(Array(3).fill("UNKNOWN_FILE"));
  });

  it("does not mix files that came together with what a failed run left", async () => {
    await land({ ...BATCH, "reviews.csv": "" }, { "edp-batch": "1" });
    expect((await runs()).map(({ status }) => status)).toEqual(["failed"]);
    await land(BATCH, { "edp-batch": "2" });
    expect((await runs()).map(({ status }) => status)).toEqual(["failed", "succeeded"]);
    expect(messages()).toContain("waiting for shipments.csv");
  });

  it("gives one run to two that start at once", async () => {
    const { "shipments.csv": shipments, ...rest } = BATCH;
    await land(rest);
    const message = await warehouse.put("shipments.csv", shipments);
    const answers = await Promise.all([warehouse.arrive([message]), warehouse.arrive([message])]);
    expect(answers).toEqual([NOTHING, NOTHING]);
    expect((await runs()).map(({ status }) => status)).toEqual(["succeeded"]);
    expect(warehouse.mails).toHaveLength(1);
    expect(messages()).toContain("an earlier run has used this version");
  });

  it("reads the versions it began with, though a file is replaced meanwhile", async () => {
    const { "shipments.csv": shipments, ...rest } = BATCH;
    await land(rest);
    const message = await warehouse.put("shipments.csv", shipments);
    let replaced = false;
    const s3 = {
      send: async (command: { constructor: { name: string } }, options: object) => {
        if (command.constructor.name === "GetObjectCommand" && !replaced) {
          replaced = true;
          await warehouse.put("orders.csv", csv(ORDERS, [order(1, "2022-01-01")]));
        }
        return warehouse.s3.client.send(command as never, options as never);
      },
    } as unknown as S3Client;
    await warehouse.arrive([message], { s3 });
    expect((await warehouse.reports())[0]?.files[0]).toMatchObject({
      key: "orders_data/orders.csv",
      rows: 10,
    });
  });

  it("a connection that is cut in the middle of COPY leaves the old rows, and the retry completes", async () => {
    await land();
    const before = await figures();
    warehouse.clock.now += DAY_MS;
    const many = csv(
      ORDERS,
      Array.from({ length: 20_000 }, (_, index) => order(index + 1, "2022-01-03")),
    );
    await warehouse.put("orders.csv", many);
    await warehouse.put("reviews.csv", BATCH["reviews.csv"]);
    const message = await warehouse.put("shipments.csv", BATCH["shipments.csv"]);
    const cut = await warehouse.arrive([message], { s3: cutting(warehouse) });
    expect(cut.batchItemFailures).toEqual([{ itemIdentifier: message.messageId }]);
    expect(warehouse.log.find(({ errorCode }) => errorCode === "CONNECTION_CUT")).toBeDefined();
    expect(await figures()).toEqual(before);
    expect((await warehouse.rows("select count(*) from staging.orders"))[0]).toEqual({ count: "10" });
    expect(warehouse.mails).toHaveLength(1);
    expect(await warehouse.arrive([message])).toEqual(NOTHING);
    expect((await warehouse.rows("select count(*) from staging.orders"))[0]).toEqual({ count: "20000" });
    expect((await runs()).map(({ status }) => status)).toEqual(["succeeded", "failed", "succeeded"]);
  });

  it("a connection that was cut for a moment is no matter: the same invocation tries again", async () => {
    const { "shipments.csv": shipments, ...rest } = BATCH;
    await land(rest);
    const message = await warehouse.put("shipments.csv", shipments);
    const s3 = cutting(warehouse);
    expect(await warehouse.arrive([message], { s3, retryPausesMs: [1] })).toEqual(NOTHING);
    expect((await runs()).map(({ status }) => status)).toEqual(["failed", "succeeded"]);
    expect(warehouse.mails).toHaveLength(1);
  });

  it("a deadlock with a reader is no matter either", async () => {
    const { "shipments.csv": shipments, ...rest } = BATCH;
    await land(rest);
    const message = await warehouse.put("shipments.csv", shipments);
    const { client: reader } = warehouse;
    await reader.query("begin; lock table staging.shipments in access share mode");
    const arriving = warehouse.arrive([message], { retryPausesMs: [1] });
    const waits = "select from pg_locks where not granted and relation = 'staging.shipments'::regclass";
    while ((await reader.query(waits)).rowCount === 0);
    await reader.query("select from staging.orders");
    await reader.query("rollback");
    expect(await arriving).toEqual(NOTHING);
    expect((await runs()).map(({ status }) => status)).toEqual(["failed", "succeeded"]);
    expect((await runs())[0]).toMatchObject({ reason: expect.stringContaining("deadlock") });
  });

  it("completes a run whose function died after the commit: exports, report and one mail", async () => {
    const { "shipments.csv": shipments, ...rest } = BATCH;
    await land(rest);
    const message = await warehouse.put("shipments.csv", shipments);
    const s3 = {
      send: (command: { constructor: { name: string } }, options: object) =>
        command.constructor.name === "PutObjectCommand"
          ? Promise.reject(new Error("died"))
          : warehouse.s3.client.send(command as never, options as never),
    } as unknown as S3Client;
    const died = await warehouse.arrive([message], { s3 });
    expect(died.batchItemFailures).toHaveLength(1);
    expect((await runs()).map(({ status }) => status)).toEqual(["succeeded"]);
    expect(warehouse.mails).toHaveLength(0);
    expect(await warehouse.arrive([message])).toEqual(NOTHING);
    expect(warehouse.mails.map(({ Subject }) => Subject)).toEqual([expect.stringContaining("succeeded")]);
    expect(await runs()).toHaveLength(1);
  });

  it("says what is wrong with the database, and tells by mail once no retry is left", async () => {
    await warehouse.put("orders.csv", BATCH["orders.csv"]);
    await warehouse.put("reviews.csv", BATCH["reviews.csv"]);
    const message = await warehouse.put("shipments.csv", BATCH["shipments.csv"]);
    const { environment } = warehouse.invocation();
    const nowhere = new Database(secretOf(warehouse), { ...environment.database, port: 1 });
    expect((await warehouse.arrive([message], { database: nowhere })).batchItemFailures).toHaveLength(1);
    expect(warehouse.log.find(({ errorCode }) => errorCode === "DATABASE_DOWN")?.message).toMatch(
      /can't be reached/,
    );
    expect(warehouse.mails).toHaveLength(0);
    const last = { ...message, attributes: { ...message.attributes, ApproximateReceiveCount: "5" } };
    await warehouse.arrive([last], { database: nowhere });
    expect(warehouse.mails.map(({ Message }) => Message)).toEqual([expect.stringContaining("DATABASE_DOWN")]);
    await warehouse.client.query("select pg_advisory_lock(hashtext('edp.warehouse'))");
    await warehouse.arrive([message], { remainingMs: () => 21_000 });
    expect(warehouse.log.find(({ errorCode }) => errorCode === "DATABASE_SLOW")).toBeDefined();
  });

  it("answers queries, and nothing but queries", async () => {
    await land();
    expect(
      await warehouse.direct({ action: "query", sql: "table staging.reviews order by line_no limit 1;" }),
    ).toMatchObject({
      query: {
        columns: [{ name: "line_no", type: "integer" }, {}, {}],
        rows: [[2, 5, 1]],
        rowCount: 1,
        object: null,
      },
    });
    expect(await warehouse.direct({ action: "query", sql: "explain select 1" })).toMatchObject({
      query: { columns: [{ name: "QUERY PLAN" }] },
    });
    const refused = [
      "explain analyze delete from staging.orders",
      "delete from staging.orders",
      "select 1; drop table staging.orders",
      "with gone as (delete from staging.orders returning *) select * from gone",
      "select set_config('transaction_read_only', 'off', false) from pg_sleep(0); ",
      "select pg_read_file('postgresql.conf')",
      "select nothing from nowhere",
    ];
    for (const sql of refused) {
      expect(await warehouse.direct({ action: "query", sql }), sql).toMatchObject({
        error: { code: "QUERY_REFUSED" },
      });
    }
    expect(
      await warehouse.direct({ action: "query", sql: "select pg_sleep(5)", timeoutSeconds: 1 }),
    ).toMatchObject({
      error: { message: expect.stringContaining("took longer than 1 s") },
    });
    const large = await warehouse.direct({
      action: "query",
      sql: "select n, repeat('x', 100) from generate_series(1, 50000) n",
    });
    const { object, rows, rowCount } =
      "query" in large ? large.query : { object: null, rows: null, rowCount: 0 };
    expect({ rows, rowCount }).toEqual({ rows: null, rowCount: 50_000 });
    expect((await warehouse.object(object?.key ?? "")).split("\n")[49_999]).toBe(
      `[50000,"${"x".repeat(100)}"]`,
    );
  });

  it("tells of its runs, and marks as failed those whose function was killed", async () => {
    await land();
    await warehouse.client.query(
      "insert into if_common.runs (run_id, run_date, as_of, forced, status, request_id, started_at) values ('killed', '2022-09-05', '2022-09-05', false, 'running', 'r', '2022-09-05 13:00Z')",
    );
    await land();
    expect(await warehouse.direct({ action: "runs", limit: 1 })).toMatchObject({
      runs: [{ runId: "killed", status: "failed", reason: expect.stringContaining("function ended") }],
    });
    expect(await warehouse.direct({ action: "migrate" })).toEqual({ migrated: [] });
  });
});

function secretOf(warehouse: Warehouse) {
  const { username, password } = warehouse.postgres;
  return { send: async () => ({ SecretString: JSON.stringify({ username, password }) }) } as never;
}

/** S3 whose files end the database's connection once a part of them has been read. */
function cutting(warehouse: Warehouse): S3Client {
  let first = true;
  return {
    send: async (command: { constructor: { name: string } }, options: object) => {
      const found = await warehouse.s3.client.send(command as never, options as never);
      if (command.constructor.name !== "GetObjectCommand") return found;
      const { Body } = found as { Body: AsyncIterable<Buffer> };
      const { Readable } = await import("node:stream");
      const cut = async function* () {
        for await (const chunk of Body) {
          yield chunk;
          if (!first) continue;
          first = false;
          await warehouse.client.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'edp warehouse'",
          );
        }
      };
      return { ...(found as object), Body: Readable.from(cut()) };
    },
  } as unknown as S3Client;
}
