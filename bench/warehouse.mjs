import { execFileSync } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { median } from "./processes.mjs";

const EDP = fileURLToPath(new URL("../bin/edp.js", import.meta.url));
const ORDERS = 2_000_000;
const TIMES = 3;
/** Rows a second, psql \copy of the same file = 1. */
const LEAST_RATIO = 0.7;
const MOST_MEMORY_MB = 300;
const DAY_MS = 86_400_000;

/**
 * The load of 2 million orders by the deployed function on the local engine, S3 and all, against `psql \copy` of the
 * same file into a plain table of the same server, in turn. Needs psql.
 */
export async function warehouse(directory) {
  const project = path.join(directory, "warehouse");
  const batch = path.join(project, "batch");
  mkdirSync(batch, { recursive: true });
  await writeBatch(batch);
  const edp = (...args) => execFileSync(process.execPath, [EDP, ...args], { cwd: project, encoding: "utf8" });
  edp("deploy", "warehouse");
  try {
    const first = performance.now();
    edp("query", "warehouse", "select 1");
    const firstQueryMs = performance.now() - first;
    edp("ingest", "warehouse", batch, "--wait");
    const { loads, runs, copies } = alternateLoads(project, edp, path.join(batch, "orders.csv"));
    const [load, copy] = [median(loads), median(copies)];
    return [
      {
        name: "first query of a new environment, PostgreSQL's start included",
        value: firstQueryMs,
        unit: "ms",
      },
      { name: "psql \\copy of 2 million orders", value: ORDERS / copy, unit: "rows/s" },
      { name: "the function's load of the same file", value: ORDERS / load, unit: "rows/s" },
      { name: "its ratio to psql \\copy", value: copy / load, unit: "", least: LEAST_RATIO },
      { name: "the whole run: checks, figures, exports", value: median(runs), unit: "s" },
      { name: "peak memory of the function", value: memoryMb(edp), unit: "MB", limit: MOST_MEMORY_MB },
    ];
  } finally {
    edp("destroy", "--yes");
  }
}

function alternateLoads(project, edp, orders) {
  const psql = psqlOf(project, edp);
  psql(
    "create table public.copied (order_id bigint, customer_id bigint, order_date date, product_id bigint, unit_price numeric, quantity integer, total_price numeric)",
  );
  const [loads, runs, copies] = [[], [], []];
  for (let time = 0; time < TIMES; time++) {
    const { run } = JSON.parse(edp("ingest", "warehouse", "--force", "--json"));
    runs.push(run.report.seconds);
    loads.push(loadSeconds(edp, run.report.requestId));
    psql("truncate public.copied");
    const started = performance.now();
    psql(`\\copy public.copied from '${orders}' with (format csv, header)`);
    copies.push((performance.now() - started) / 1000);
  }
  return { loads, runs, copies };
}

function psqlOf(project, edp) {
  const { host, port, name } = JSON.parse(edp("status", "--json")).pipelines.warehouse.databases.analytics;
  const { password } = JSON.parse(
    readFileSync(path.join(project, ".edp/local/data/postgres/server.json"), "utf8"),
  );
  const env = { ...process.env, PGPASSWORD: password };
  const where = ["-X", "-q", "-h", host, "-p", String(port), "-U", "edp", "-d", name];
  return (command) =>
    execFileSync("psql", [...where, "-c", command], { env, stdio: ["ignore", "ignore", "inherit"] });
}

/** From the function's own log: from the request to S3 to the end of COPY. */
function loadSeconds(edp, requestId) {
  const log = edp("tail", "warehouse", "--no-follow", "--since", "1h", "--request", requestId, "--json");
  const line = log.split("\n").find((one) => one.includes("orders.csv") && one.includes("loaded"));
  if (!line) throw new Error("the function's log has no line of the load");
  return JSON.parse(line).fields.seconds;
}

function memoryMb(edp) {
  const log = edp("tail", "warehouse", "--no-follow", "--since", "1h", "--json");
  return Math.max(
    ...[...log.matchAll(/Max Memory Used: (\d+) MB/g)].map(([, megabytes]) => Number(megabytes)),
  );
}

async function writeBatch(batch) {
  const days = Array.from({ length: 2_500 }, (_, day) =>
    new Date(Date.UTC(2016, 0, 1) + day * DAY_MS).toISOString().slice(0, 10),
  );
  let state = 1;
  const next = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const blocks = function* () {
    yield "order_id,customer_id,order_date,product_id,unit_price,quantity,total_price\n";
    for (let id = 1; id <= ORDERS; ) {
      let block = "";
      for (let row = 0; row < 5_000; row++, id++) {
        const [price, quantity] = [50 + next(950), 1 + next(10)];
        block += `${id},${1 + next(50_000)},${days[next(days.length)]},${1 + next(1_000)},${price},${quantity},${price * quantity}\n`;
      }
      yield block;
    }
  };
  await pipeline(Readable.from(blocks()), createWriteStream(path.join(batch, "orders.csv")));
  writeFileSync(path.join(batch, "reviews.csv"), "review,product_id\n5,1\n");
  writeFileSync(
    path.join(batch, "shipment_deliveries.csv"),
    "shipment_id,order_id,shipment_date,delivery_date\n1,1,,\n",
  );
}
