import pg from "pg";
import { describe, expect, it } from "vitest";
import { type Batch, batchSettings, waitingFor } from "../../../../src/lambda/warehouse/run/batch.ts";
import { calendar } from "../../../../src/lambda/warehouse/run/calendar.ts";
import { DatabaseFault, databaseFault } from "../../../../src/lambda/warehouse/run/database.ts";
import { datasetOf } from "../../../../src/lambda/warehouse/run/datasets.ts";
import { withVariables } from "../../../../src/lambda/warehouse/run/transform.ts";

describe("the calendar", () => {
  it("takes public holidays of weekdays for days off, observed ones and those of a region too", async () => {
    const off = async (country: string, year: number) =>
      (await calendar(country, year, year))
        .filter(({ dayOfTheWeek, workingDay }) => dayOfTheWeek <= 5 && !workingDay)
        .map(({ date }) => date);
    expect(await off("US", 2022)).toEqual([
      "2022-01-17",
      "2022-02-21",
      "2022-05-30",
      "2022-06-20",
      "2022-07-04",
      "2022-09-05",
      "2022-10-10",
      "2022-11-11",
      "2022-11-24",
      "2022-12-26",
    ]);
    expect(await off("DE-BY", 2022)).toContain("2022-01-06");
    expect(await off("DE", 2022)).not.toContain("2022-01-06");
    await expect(calendar("XX", 2022, 2022)).rejects.toThrow(/no country/);
  });

  it("has every day of its years once", async () => {
    const days = await calendar("US", 2023, 2024);
    expect(new Set(days.map(({ date }) => date)).size).toBe(731);
    expect(days[0]).toEqual({ date: "2023-01-01", dayOfTheWeek: 7, workingDay: false });
  });
});

describe("a batch", () => {
  const version = (dataset: string, versionId: string, lastModified: string, metadata = {}) =>
    ({
      dataset,
      key: `orders_data/${dataset}.csv`,
      versionId,
      lastModified,
      metadata,
      bucket: "b",
      bytes: 1,
    }) as never;
  const batch = (...versions: never[]) =>
    new Map(versions.map((one: { dataset: string }) => [one.dataset, one])) as unknown as Batch;
  const none = { key: "", versionId: "" };
  const MORNING = "2026-01-01T08:00:00.000Z";
  const NOON = "2026-01-01T12:00:00.000Z";

  it("needs news of all three files", () => {
    const all = batch(
      version("orders", "2", NOON),
      version("reviews", "2", NOON),
      version("shipments", "2", NOON),
    );
    expect(waitingFor(all, [], none)).toEqual([]);
    const used = [
      { dataset: "reviews" as const, key: "orders_data/reviews.csv", versionId: "2", lastModified: NOON },
    ];
    expect(waitingFor(all, used, none)).toEqual(["reviews.csv"]);
    // A version that came back since a later one was deleted is no news.
    const older = [
      {
        dataset: "orders" as const,
        key: "orders_data/orders.csv",
        versionId: "3",
        lastModified: "2026-01-01T13:00:00.000Z",
      },
    ];
    expect(waitingFor(all, older, none)).toEqual(["orders.csv"]);
    expect(waitingFor(batch(version("orders", "1", NOON)), [], none)).toEqual([
      "reviews.csv",
      "shipment_deliveries.csv",
    ]);
  });

  it("is run as its newest files say", () => {
    const versions = batch(
      version("dim_dates", "1", NOON, { "edp-force": "true" }),
      version("orders", "1", MORNING, { "edp-as-of": "2025-01-01" }),
      version("reviews", "1", NOON, { "edp-as-of": "2025-02-02" }),
    );
    expect(batchSettings(versions, none)).toEqual({ asOf: "2025-02-02", force: false });
  });

  it("has files of these names in this folder only", () => {
    expect(datasetOf("orders_data/shipments.csv")?.name).toBe("shipments");
    expect(datasetOf("orders_data/a/orders.csv")).toBeUndefined();
    expect(datasetOf("orders.csv")).toBeUndefined();
  });
});

describe("faults of the database", () => {
  const sql = (code: string) => Object.assign(new pg.DatabaseError("words", 5, "error"), { code });
  const network = (code: string) => Object.assign(new Error("words"), { code });

  it.each([
    [sql("53100"), "DATABASE_FULL"],
    [sql("53300"), "DATABASE_FULL"],
    [sql("57P01"), "CONNECTION_CUT"],
    [sql("57P03"), "DATABASE_DOWN"],
    [sql("57014"), "DATABASE_SLOW"],
    [sql("55P03"), "DATABASE_SLOW"],
    [sql("40P01"), "DATABASE_DEADLOCK"],
    [sql("28P01"), "DATABASE_REFUSED"],
    [sql("42601"), "DATABASE_ERROR"],
    [network("ECONNREFUSED"), "DATABASE_DOWN"],
    [network("ETIMEDOUT"), "DATABASE_SLOW"],
    [network("ECONNRESET"), "CONNECTION_CUT"],
    [new Error("Connection terminated unexpectedly"), "CONNECTION_CUT"],
  ])("%s is told as %s", (error, code) => {
    const fault = databaseFault(error, "host:5432/name");
    expect(fault).toBeInstanceOf(DatabaseFault);
    expect(fault).toMatchObject({ code, message: expect.stringContaining("host:5432/name") });
  });

  it("other errors stay as they are", () => {
    const error = new Error("a bug");
    expect(databaseFault(error, "host")).toBe(error);
  });
});

it("SQL gets psql's variables, quoted", () => {
  expect(withVariables("select :'as_of'::date", { as_of: "2022-09-05" })).toBe("select '2022-09-05'::date");
  expect(withVariables(":'x'", { x: "it's" })).toBe("'it''s'");
  expect(() => withVariables(":'x'", {})).toThrow(/variable x/);
});
