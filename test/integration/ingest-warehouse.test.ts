import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Command } from "commander";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectStatus } from "../../src/aws/status.ts";
import type { CommandModule } from "../../src/command.ts";
import ingestCommand from "../../src/commands/ingest/warehouse.ts";
import queryCommand from "../../src/commands/query.ts";
import reconcileCommand from "../../src/commands/reconcile.ts";
import tailCommand from "../../src/commands/tail.ts";
import type { FilesResult } from "../../src/ingest/files/result.ts";
import type { Engine } from "../../src/local/engine.ts";
import { hostEngine } from "../../src/local/host.ts";
import { removeElsewhere } from "../../src/local/postgres/place.ts";
import { localPaths } from "../../src/local/state.ts";
import type { Row } from "../../src/query/rows.ts";
import type { ReconcileResult } from "../../src/reconcile/report.ts";
import type { TailLine } from "../../src/tail/line.ts";
import { testContext } from "../support/context.ts";
import { shippedPipelines } from "../support/engine.ts";
import { postgresAvailable } from "../support/postgres.ts";
import { temporaryDirectory } from "../support/services.ts";
import { recordTerminal } from "../support/terminal.ts";

const AS_OF = "2025-06-30";

describe.skipIf(!postgresAvailable())("the warehouse on the local engine", () => {
  let project: Awaited<ReturnType<typeof temporaryDirectory>>;
  let engine: Engine;

  const start = () => hostEngine({ directory: project.path, port: 0, log: () => {}, onStop: () => {} });
  const context = (terminal = recordTerminal()) => testContext(project.path, { now: Date.now, terminal });

  beforeAll(async () => {
    project = await temporaryDirectory();
    const request = await shippedPipelines(project.path);
    engine = await start();
    await engine.deploy({
      ...request,
      pipelines: request.pipelines.filter(({ name }) => name === "warehouse"),
    });
  });
  afterAll(async () => {
    await engine?.close();
    await removeElsewhere(localPaths(project.path).data);
    await project?.remove();
  });

  /** Runs a command as it is typed after `edp`, in the project directory. */
  async function run<Result>(command: CommandModule, words: string[]): Promise<Result> {
    const parser = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    command.configure(parser);
    parser.parse(words, { from: "user" });
    return (await command.run(command.options(parser.args, parser.opts()), context())) as Result;
  }
  const ingest = (...words: string[]) => run<FilesResult>(ingestCommand, words);
  const query = async (sql: string) => (await run<{ rows: Row[] }>(queryCommand, ["warehouse", sql])).rows;
  const status = async () => (await collectStatus(engine.deployment(), context())).pipelines.warehouse;
  const place = () => engine.deployment().pipelines.warehouse?.addresses.databases.analytics;
  const figures = () =>
    query(
      "select s::text as shipments, b::text as best from analytics.agg_shipments s, analytics.best_performing_product b",
    );

  it("starts PostgreSQL at the first use, not at the deployment", async () => {
    expect(await answers(place()?.port)).toBe(false);
    // Functions that start together all find it without its database.
    const asked = await Promise.all(
      [1, 2, 3].map(() => query("select count(*) as runs from if_common.runs")),
    );
    expect(asked.flat()).toEqual([{ runs: 0 }, { runs: 0 }, { runs: 0 }]);
    expect(await answers(place()?.port)).toBe(true);
  });

  it("waits for the other files, then runs, accounts for each row and tells of it", async () => {
    const directory = path.join(project.path, "part");
    await mkdir(directory);
    await writeFile(path.join(directory, "reviews.csv"), "review,product_id\n5,1\n");
    const part = await ingest(directory);
    expect(part.notes).toEqual(["the run waits for orders.csv and shipment_deliveries.csv in orders_data/"]);
    expect((await status())?.waiting).toMatchObject([
      {
        arrived: ["orders_data/reviews.csv"],
        missing: ["orders_data/orders.csv", "orders_data/shipment_deliveries.csv"],
      },
    ]);
    const words = ["--sample", "2000", "--faults", "0.01", "--as-of", AS_OF, "--wait", "60"];
    const result = await ingest(...words);
    expect(result).toMatchObject({ accepted: 6100, deadLettered: 0, missing: 0, timedOut: false });
    expect((result.processed ?? 0) + (result.rejected ?? 0)).toBe(6100);
    const rejects = await query("select code, count(*) as rows from staging.rejects group by 1 order by 1");
    expect(rejects.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["DUPLICATE", "NO_ORDER", "NOT_A_DATE"]),
    );
    expect(rejects.reduce((sum, { rows }) => sum + Number(rows), 0)).toBe(result.rejected);
    expect((await status())?.runs).toMatchObject([{ status: "succeeded", asOf: AS_OF, rows: 6100 }]);
    expect((await status())?.waiting).toEqual([]);
    const mails: TailLine[] = [];
    const tail = await run<AsyncIterable<TailLine>>(tailCommand, ["warehouse", "--mail", "--no-follow"]);
    for await (const line of tail) mails.push(line);
    expect(mails).toHaveLength(1);
    expect(JSON.stringify(mails)).toContain("Subject: warehouse run succeeded");
    const reconciled = await run<ReconcileResult>(reconcileCommand, [result.runId]);
    expect(reconciled).toMatchObject({
      accepted: 6100,
      processed: result.processed,
      rejected: result.rejected,
      missing: 0,
    });
  });

  it("does not run a second time that day, and says so at once", async () => {
    const before = await figures();
    const result = await ingest("--sample", "2000", "--wait", "60");
    expect(ingestCommand.exitCode?.(result)).toBe(8);
    expect(result).toMatchObject({ processed: 0, timedOut: false });
    expect(result.notes.join("\n")).toContain("ALREADY_RAN_TODAY");
    expect(await figures()).toEqual(before);
  });

  it("refuses files that would fail the run before anything is sent", async () => {
    const directory = path.join(project.path, "part");
    await writeFile(path.join(directory, "orders.csv"), "order_id\n1\n");
    await expect(ingest(directory)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("lacks the column"),
    });
    await expect(ingest(path.join(directory, "nothing"))).rejects.toMatchObject({ exitCode: 3 });
    await expect(query("select nothing")).rejects.toMatchObject({ code: "QUERY_REFUSED", exitCode: 3 });
    await expect(query("delete from staging.orders")).rejects.toMatchObject({
      code: "QUERY_REFUSED",
      hint: expect.stringContaining("only reads"),
    });
  });

  it("keeps the old figures when its function is killed in the middle of a load, and a rerun completes", async () => {
    const before = await figures();
    const { port = 0, name = "" } = place() ?? {};
    const { password } = JSON.parse(
      readFileSync(path.join(localPaths(project.path).data, "postgres", "server.json"), "utf8"),
    );
    const client = new pg.Client({
      host: "127.0.0.1",
      port: port ?? 0,
      user: "edp",
      password,
      database: name,
    });
    await client.connect();
    try {
      await ingest("--sample", "150000", "--force", "--as-of", AS_OF);
      const copying =
        "select from pg_stat_activity where state = 'active' and query like 'copy staging.orders_fresh%'";
      while ((await client.query(copying)).rowCount === 0) await wait(2);
      for (const pid of workers()) process.kill(pid, "SIGKILL");
      while (
        (await client.query("select from pg_stat_activity where application_name = 'edp warehouse'")).rowCount
      )
        await wait(20);
    } finally {
      await client.end();
    }
    expect(await figures()).toEqual(before);
    expect(await query("select count(*) as orders from staging.orders")).not.toEqual([{ orders: 150_000 }]);
    await ingest("--force", "--as-of", AS_OF);
    expect(await query("select count(*) as orders from staging.orders")).toEqual([{ orders: 150_000 }]);
    const runs = await query("select status, reason from if_common.runs order by started_at desc limit 2");
    expect(runs).toMatchObject([
      { status: "succeeded" },
      { status: "failed", reason: expect.stringContaining("function ended") },
    ]);
  });

  it("stops PostgreSQL with the engine, and the next one finds its rows", async () => {
    const before = await figures();
    const { port } = place() ?? {};
    await engine.close();
    expect(await answers(port)).toBe(false);
    engine = await start();
    expect(await answers(port)).toBe(false);
    expect(await figures()).toEqual(before);
    expect(existsSync(path.join(localPaths(project.path).data, "postgres", "server.json"))).toBe(true);
  });
});

/** Process ids of the functions that this process runs. */
function workers(): number[] {
  return execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/, 3).concat(line))
    .filter(([, parent, , line]) => Number(parent) === process.pid && line?.includes("lambda-worker"))
    .map(([pid]) => Number(pid));
}

function answers(port: number | null | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: port ?? 0 });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
