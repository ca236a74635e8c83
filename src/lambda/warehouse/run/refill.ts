import { Readable } from "node:stream";
import type { Client } from "pg";
import { PermanentFault } from "../../shared/faults.ts";
import { openObject } from "../../shared/objects.ts";
import type { ReportedFile } from "../../shared/run-report.ts";
import type { Batch, FileVersion } from "./batch.ts";
import { calendar } from "./calendar.ts";
import { removeDuplicates, removeOrphans, removeUnknownProducts } from "./checks.ts";
import type { Reject } from "./csv/scanner.ts";
import { DATASETS, type Dataset, type DatasetName } from "./datasets.ts";
import type { Invocation } from "./invocation.ts";
import { fresh, type Loaded, loadFile } from "./load.ts";

/** Years that a calendar is made for: dates beyond are taken for mistakes of the source. */
const YEARS = { first: 1900, last: 2200 } as const;
const GENERATED_DAYS_AT_ONCE = 5_000;

/** What a load found; filled while it goes on, so that a failed run can be told of, too. */
export interface LoadReport {
  files: ReportedFile[];
  /** The file that is being loaded. */
  current: FileVersion | undefined;
  rejects: (Reject & { file: string })[];
  warnings: string[];
}

/**
 * Fills a fresh table for every file of the batch, checks the rows against each other, and puts the fresh tables in the
 * places of the old ones; all inside the caller's transaction, so that readers see the old rows until it commits.
 * @throws PermanentFault EMPTY_FILE, BAD_HEADER, TOO_MANY_REJECTS, OBJECT_NOT_FOUND
 */
export async function refill(
  client: Client,
  batch: Batch,
  asOf: string,
  runId: string,
  run: Invocation,
  report: LoadReport,
): Promise<void> {
  const limit = run.environment.rejectLimit;
  const refuse = (dataset: Dataset, rejects: readonly Reject[]) => {
    const file = batch.get(dataset.name)?.key ?? dataset.name;
    report.current = batch.get(dataset.name);
    for (const reject of rejects) {
      report.rejects.push({ file, ...reject });
      if (report.rejects.length > limit) throw tooMany(report, limit);
    }
  };
  const loaded = new Map<DatasetName, Loaded>();
  for (const dataset of DATASETS) {
    const version = batch.get(dataset.name);
    if (!version) continue;
    report.current = version;
    const found = await loadVersion(client, dataset, version, (reject) => refuse(dataset, [reject]), run);
    loaded.set(dataset.name, found);
    if (!found.keysAscend) refuse(dataset, await removeDuplicates(client, dataset, limit));
    if (found.extraColumns.length > 0) {
      report.warnings.push(`${version.key}: the columns ${found.extraColumns.join(", ")} were left out`);
    }
  }
  await refer(client, loaded, limit, refuse);
  report.current = undefined;
  await fillCalendar(client, loaded.has("dim_dates"), asOf, run, report);
  for (const dataset of DATASETS) {
    if (dataset.name !== "dim_dates" || loaded.has("dim_dates"))
      await swap(client, dataset, loaded.has(dataset.name));
  }
  await keepRejects(client, runId, report.rejects);
  for (const dataset of DATASETS) {
    const version = batch.get(dataset.name);
    const found = loaded.get(dataset.name);
    if (version && found) report.files.push(fileReport(version, found.rows, report.rejects));
  }
}

async function loadVersion(
  client: Client,
  dataset: Dataset,
  version: FileVersion,
  onReject: (reject: Reject) => void,
  run: Invocation,
): Promise<Loaded> {
  const started = performance.now();
  const opened = await openObject(run.s3, { ...version, version: version.versionId }, run.signal);
  try {
    const loaded = await loadFile(client, dataset, version.key, opened.body, onReject, run.signal);
    const seconds = Math.round(performance.now() - started) / 1000;
    const { rows, rejected } = loaded;
    run.log("INFO", "loaded", { file: version.key, version: version.versionId, rows, rejected, seconds });
    return loaded;
  } finally {
    // A load that failed leaves the rest unread.
    if (opened.body instanceof Readable) opened.body.destroy();
  }
}

/** Checks what rows refer to. */
async function refer(
  client: Client,
  loaded: ReadonlyMap<DatasetName, Loaded>,
  limit: number,
  refuse: (dataset: Dataset, rejects: readonly Reject[]) => void,
): Promise<void> {
  const orders = dataset("orders");
  const [shipments, reviews] = [dataset("shipments"), dataset("reviews")];
  const products = loaded.has("dim_products") ? dataset("dim_products") : orders;
  // Fresh tables have no statistics yet, and the plans of what follows depend on them.
  for (const name of loaded.keys()) await client.query(`analyze ${fresh(dataset(name))}`);
  refuse(shipments, await removeOrphans(client, shipments, orders, limit));
  refuse(reviews, await removeUnknownProducts(client, reviews, products, limit));
}

/** Makes the calendar where the batch has none, and tells of days that it lacks. */
async function fillCalendar(
  client: Client,
  given: boolean,
  asOf: string,
  run: Invocation,
  report: LoadReport,
): Promise<void> {
  const orders = fresh(dataset("orders"));
  if (given) {
    const { rows } = await client.query<{ days: string; sample: string | null }>(
      `select count(distinct o.order_date) as days, min(o.order_date) as sample from ${orders} as o
       where o.order_date is not null
         and not exists (select from ${fresh(dataset("dim_dates"))} as d where d.calendar_dt = o.order_date)`,
    );
    const { days = "0", sample } = rows[0] ?? {};
    if (days !== "0") {
      report.warnings.push(`dim_dates.csv lacks ${days} days that orders were placed on, e.g. ${sample}`);
    }
    return;
  }
  const { rows } = await client.query<{ first: string | null; last: string | null }>(
    `select extract(year from min(order_date)) as first, extract(year from max(order_date)) as last from ${orders}
     where order_date between '${YEARS.first}-01-01' and '${YEARS.last}-12-31'`,
  );
  const year = Number(asOf.slice(0, 4));
  const first = Math.min(year, Number(rows[0]?.first ?? year));
  const last = Math.max(year, Number(rows[0]?.last ?? year));
  const days = await calendar(run.environment.country, first, last);
  await client.query("delete from if_common.dim_dates");
  for (let at = 0; at < days.length; at += GENERATED_DAYS_AT_ONCE) {
    const some = days.slice(at, at + GENERATED_DAYS_AT_ONCE);
    await client.query(
      `insert into if_common.dim_dates
         (calendar_dt, year_num, month_of_the_year_num, day_of_the_month_num, day_of_the_week_num, working_day)
       select day, extract(year from day), extract(month from day), extract(day from day), week_day, working
       from unnest($1::date[], $2::integer[], $3::boolean[]) as generated (day, week_day, working)`,
      [
        some.map(({ date }) => date),
        some.map(({ dayOfTheWeek }) => dayOfTheWeek),
        some.map(({ workingDay }) => workingDay),
      ],
    );
  }
  run.log("INFO", "calendar generated", { country: run.environment.country, first, last });
}

/** Puts a dataset's fresh table in place of the old one; a dataset that the batch lacks becomes empty. */
async function swap(client: Client, { table }: Dataset, loaded: boolean): Promise<void> {
  if (!loaded) {
    await client.query(`delete from ${table}`);
    return;
  }
  const name = table.slice(table.indexOf(".") + 1);
  await client.query(`drop table ${table}; alter table ${table}_fresh rename to ${name}`);
}

async function keepRejects(
  client: Client,
  runId: string,
  rejects: readonly (Reject & { file: string })[],
): Promise<void> {
  await client.query("delete from staging.rejects");
  await client.query(
    `insert into staging.rejects (run_id, file, line, column_name, code, reason, raw)
     select $1, r.file, r.line, r."column", r.code, r.reason, r.raw
     from jsonb_to_recordset($2::jsonb) as r (file text, line integer, "column" text, code text, reason text, raw text)`,
    [runId, JSON.stringify(rejects)],
  );
}

function fileReport(
  { bucket, key, versionId }: FileVersion,
  rows: number,
  rejects: readonly { file: string }[],
): ReportedFile {
  const rejected = rejects.filter(({ file }) => file === key).length;
  return { bucket, key, versionId, rows, processed: rows - rejected, rejected, refused: null };
}

function tooMany({ rejects }: LoadReport, limit: number): PermanentFault {
  const first = rejects[0];
  const example = first ? `, the first in ${first.file} line ${first.line}: ${first.reason}` : "";
  return new PermanentFault(
    "TOO_MANY_REJECTS",
    `More than ${limit} rows are at fault${example}.`,
    first ? `${first.file}:${first.line}` : "",
  );
}

function dataset(name: DatasetName): Dataset {
  const found = DATASETS.find((one) => one.name === name);
  if (!found) throw new Error(`there is no dataset ${name}`);
  return found;
}
