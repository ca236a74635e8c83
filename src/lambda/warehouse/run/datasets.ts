/** What a column's fields have to be; an empty one is NULL. */
export type ColumnType = "integer" | "decimal" | "date" | "boolean" | "text";

export interface Column {
  name: string;
  type: ColumnType;
  /** Rows without a value are refused. */
  required?: boolean;
  /** Least and greatest whole number; by default those of the column's type in PostgreSQL, bigint. */
  range?: readonly [least: bigint, greatest: bigint];
  /** A file may lack the column: all its rows have NULL then. */
  optional?: boolean;
}

/** One file of a batch and the table that it becomes. */
export interface Dataset {
  name: DatasetName;
  /** Accepted names, in the folder {@link FOLDER}. */
  files: readonly [string, ...string[]];
  table: string;
  /** Without it there is no batch. */
  needed: boolean;
  /** A file with a header and no rows is refused: it would empty the warehouse. */
  needsRows: boolean;
  columns: readonly Column[];
  /** Column that has each value once; the first row of a value stays, later ones are refused. */
  key?: string;
}

export type DatasetName =
  | "orders"
  | "reviews"
  | "shipments"
  | "dim_dates"
  | "dim_products"
  | "dim_customers"
  | "dim_addresses";

/** Folder of the inbox that batches land in. */
export const FOLDER = "orders_data/";

const INTEGER = [-(2n ** 31n), 2n ** 31n - 1n] as const;
const id = (name: string): Column => ({ name, type: "integer" });
const key = (name: string): Column => ({ name, type: "integer", required: true });
const text = (name: string, optional = false): Column => ({ name, type: "text", optional });
const small = (name: string): Column => ({ name, type: "integer", range: INTEGER, optional: true });

/** Every dataset, in the order they are loaded: what others refer to comes first. */
export const DATASETS: readonly Dataset[] = [
  {
    name: "dim_dates",
    files: ["dim_dates.csv"],
    table: "if_common.dim_dates",
    needed: false,
    needsRows: true,
    key: "calendar_dt",
    columns: [
      { name: "calendar_dt", type: "date", required: true },
      small("year_num"),
      small("month_of_the_year_num"),
      small("day_of_the_month_num"),
      { name: "day_of_the_week_num", type: "integer", range: [1n, 7n], required: true },
      { name: "working_day", type: "boolean", required: true },
    ],
  },
  {
    name: "dim_products",
    files: ["dim_products.csv"],
    table: "if_common.dim_products",
    needed: false,
    needsRows: true,
    key: "product_id",
    columns: [key("product_id"), text("product_category", true), text("product_name")],
  },
  {
    name: "dim_customers",
    files: ["dim_customers.csv"],
    table: "if_common.dim_customers",
    needed: false,
    needsRows: false,
    key: "customer_id",
    columns: [key("customer_id"), text("customer_name", true), text("postal_code", true)],
  },
  {
    name: "dim_addresses",
    files: ["dim_addresses.csv"],
    table: "if_common.dim_addresses",
    needed: false,
    needsRows: false,
    columns: [
      text("postal_code"),
      text("country", true),
      text("region", true),
      text("state", true),
      text("address", true),
    ],
  },
  {
    name: "orders",
    files: ["orders.csv"],
    table: "staging.orders",
    needed: true,
    needsRows: true,
    key: "order_id",
    columns: [
      key("order_id"),
      id("customer_id"),
      { name: "order_date", type: "date" },
      id("product_id"),
      { name: "unit_price", type: "decimal" },
      { name: "quantity", type: "integer", range: INTEGER },
      { name: "total_price", type: "decimal" },
    ],
  },
  {
    name: "reviews",
    files: ["reviews.csv"],
    table: "staging.reviews",
    needed: true,
    needsRows: false,
    columns: [{ name: "review", type: "integer", range: [1n, 5n] }, key("product_id")],
  },
  {
    name: "shipments",
    files: ["shipment_deliveries.csv", "shipments_deliveries.csv", "shipments.csv"],
    table: "staging.shipments",
    needed: true,
    needsRows: false,
    key: "shipment_id",
    columns: [
      key("shipment_id"),
      key("order_id"),
      { name: "shipment_date", type: "date" },
      { name: "delivery_date", type: "date" },
    ],
  },
];

/** The dataset that a key of the inbox belongs to, or undefined for a file that is none of a batch. */
export function datasetOf(key: string): Dataset | undefined {
  if (!key.startsWith(FOLDER)) return undefined;
  const file = key.slice(FOLDER.length);
  return DATASETS.find(({ files }) => files.includes(file));
}
