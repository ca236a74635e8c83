import type { Client } from "pg";
import type { RejectCode } from "./csv/field.ts";
import type { Reject } from "./csv/scanner.ts";
import type { Dataset } from "./datasets.ts";
import { fresh } from "./load.ts";

/** A row that was taken out of a fresh table again. */
interface Removed {
  line: string;
  value: string;
  other: string | null;
  raw: string;
}

/**
 * Takes rows out of a fresh table whose key came before: the first of each key stays. Not needed where the file's keys
 * ascend; otherwise one sort of the table.
 * @param limit duplicates beyond this number are not looked at: the run fails anyway
 */
export async function removeDuplicates(client: Client, dataset: Dataset, limit: number): Promise<Reject[]> {
  const { key } = dataset;
  if (!key) return [];
  const table = fresh(dataset);
  const { rows } = await client.query<Removed>(
    `with numbered as (
       select ctid as place, min(line_no) over (partition by ${key}) as first_line,
         row_number() over (partition by ${key} order by line_no) as nth
       from ${table}
     ),
     doomed as (select * from numbered where nth > 1 limit ${limit + 1})
     delete from ${table} as t using doomed where t.ctid = doomed.place
     returning t.line_no as line, t.${key} as value, doomed.first_line as other, ${rawRow(dataset)} as raw`,
  );
  return rejects(rows, key, "DUPLICATE", ({ value, other }) => `${key} ${value} is in line ${other} already`);
}

/** Takes shipments out whose order is not in the batch. */
export async function removeOrphans(
  client: Client,
  shipments: Dataset,
  orders: Dataset,
  limit: number,
): Promise<Reject[]> {
  const table = fresh(shipments);
  const { rows } = await client.query<Removed>(
    `delete from ${table} as t where t.ctid in (
       select s.ctid from ${table} as s
       where not exists (select from ${fresh(orders)} as o where o.order_id = s.order_id) limit ${limit + 1}
     ) returning t.line_no as line, t.order_id as value, null as other, ${rawRow(shipments)} as raw`,
  );
  return rejects(
    rows,
    "order_id",
    "NO_ORDER",
    ({ value }) => `there is no order ${value}, or its row was refused`,
  );
}

/** Takes reviews out whose product is not known: it is neither in dim_products nor, without that file, in any order. */
export async function removeUnknownProducts(
  client: Client,
  reviews: Dataset,
  products: Dataset,
  limit: number,
): Promise<Reject[]> {
  const table = fresh(reviews);
  const { rows } = await client.query<Removed>(
    `delete from ${table} as t where t.ctid in (
       select r.ctid from ${table} as r
       where not exists (select from ${fresh(products)} as p where p.product_id = r.product_id) limit ${limit + 1}
     ) returning t.line_no as line, t.product_id as value, null as other, ${rawRow(reviews)} as raw`,
  );
  const where = products.name === "dim_products" ? "dim_products.csv" : "any order";
  return rejects(
    rows,
    "product_id",
    "UNKNOWN_PRODUCT",
    ({ value }) => `the product ${value} is not in ${where}`,
  );
}

function rejects(
  rows: readonly Removed[],
  column: string,
  code: RejectCode,
  reason: (row: Removed) => string,
): Reject[] {
  return rows
    .map((row) => ({ line: Number(row.line), column, code, reason: reason(row), raw: row.raw }))
    .sort((a, b) => a.line - b.line);
}

/** The row as text, in the table's order of columns. */
function rawRow({ columns }: Dataset): string {
  return `concat_ws(',', ${columns.map(({ name }) => `coalesce(t.${name}::text, '')`).join(", ")})`;
}
