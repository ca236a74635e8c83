import { InvalidArgumentError } from "commander";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import type { QueryResult as Answered, Value } from "../lambda/warehouse/run/query.ts";
import { csvLines, distinctColumns, type Row, rowObjects } from "../query/rows.ts";
import { counted } from "../terminal/format.ts";
import { cut, printable } from "../terminal/printable.ts";
import { table } from "../terminal/table.ts";

interface Options {
  pipeline: string;
  sql: string;
  csv: boolean;
  timeoutSeconds: number;
}

interface Result {
  env: string;
  pipeline: string;
  columns: Answered["columns"];
  rowCount: number;
  /** By the columns' names. */
  rows: Row[];
  seconds: number;
  /** How people see the rows. */
  format: "table" | "csv";
}

const DEFAULT_TIMEOUT_SECONDS = 30;
const MAX_TIMEOUT_SECONDS = 840;
/** Rows of a table; --csv and --json have all. */
const SHOWN_ROWS = 500;
const SHOWN_CHARACTERS = 80;

export default defineCommand<Options, Result>({
  configure(command) {
    command
      .argument("<pipeline>", "pipeline with a database: warehouse")
      .argument("<sql>", "one query; - reads it from stdin")
      .option("--csv", "print CSV with a header instead of a table")
      .option(
        "--timeout <seconds>",
        `break the query off after so long (default: ${DEFAULT_TIMEOUT_SECONDS})`,
        seconds,
      )
      .addHelpText(
        "after",
        `
Examples:
  $ edp query warehouse "select * from analytics.best_performing_product"
  $ edp query warehouse "select code, count(*) from staging.rejects group by 1" --json | jq .rows
  $ edp query warehouse "table staging.orders" --csv > orders.csv
  $ edp query warehouse - < report.sql

The pipeline's function runs the query in a read-only transaction; edp itself never connects to the database. Tables:
staging.{orders,reviews,shipments,rejects}, if_common.{dim_dates,dim_products,dim_customers,dim_addresses,runs},
analytics.{agg_public_holiday,agg_shipments,best_performing_product}. Exit 3: the query is refused.`,
      );
  },
  options([pipeline = "", sql = ""], flags) {
    if (sql.trim() === "") throw new UsageError("The query is empty.");
    return {
      pipeline,
      sql,
      csv: flags.csv === true,
      timeoutSeconds: (flags.timeout as number | undefined) ?? DEFAULT_TIMEOUT_SECONDS,
    };
  },
  async run({ pipeline, sql, csv, timeoutSeconds }, context) {
    if (csv && context.terminal.json) throw new UsageError("--csv and --json exclude each other.");
    const [{ askDatabase }, { readRows }, { loadDeployment }] = await Promise.all([
      import("../query/ask.ts"),
      import("../query/rows.ts"),
      import("../topology/load-deployment.ts"),
    ]);
    const request = { action: "query", sql: sql === "-" ? await readStdin() : sql, timeoutSeconds } as const;
    const deployment = await loadDeployment(context);
    let rows: Value[][] = [];
    const { query } = await context.terminal.spin("Asking the warehouse", () =>
      askDatabase<{ query: Answered }>(context, deployment, pipeline, request, async (answer, clients) => {
        rows = answer.query.rows ?? (await readRows(clients, answer.query, context.signal));
      }),
    );
    const { rowCount, seconds } = query;
    const columns = distinctColumns(query.columns);
    return {
      env: context.env,
      pipeline,
      columns,
      rowCount,
      rows: rowObjects(columns, rows),
      seconds,
      format: csv ? "csv" : "table",
    };
  },
  render(result, context) {
    if (result.format === "table") return renderTable(result, context);
    for (const line of csvLines(result.columns, result.rows)) context.terminal.out(line);
  },
});

function renderTable({ columns, rows, rowCount, seconds }: Result, { terminal }: Context): void {
  const cells = rows.slice(0, SHOWN_ROWS).map((row) => columns.map(({ name }) => cell(row[name] ?? null)));
  terminal.out(
    table(
      terminal,
      columns.map(({ name }) => printable(name)),
      cells,
    ),
  );
  if (rowCount > SHOWN_ROWS) {
    terminal.note(`... ${rowCount - SHOWN_ROWS} more rows; --csv and --json print all of them`);
  }
  terminal.note(`${counted(rowCount, "row")} in ${seconds.toFixed(1)} s`);
}

function cell(value: Value): string | number | null {
  if (typeof value !== "string") return typeof value === "boolean" ? String(value) : value;
  const text = printable(value).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return text.length > SHOWN_CHARACTERS ? `${cut(text, SHOWN_CHARACTERS)}...` : text;
}

async function readStdin(): Promise<string> {
  const { text } = await import("node:stream/consumers");
  return text(process.stdin);
}

function seconds(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= MAX_TIMEOUT_SECONDS) return number;
  throw new InvalidArgumentError(`It must be a number of seconds from 1 to ${MAX_TIMEOUT_SECONDS}.`);
}
