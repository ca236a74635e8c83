import { createWriteStream } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Random } from "../random.ts";

export interface SampleSize {
  orders: number;
  /** Share of the rows with a fault, 0 to 1. */
  faults: number;
  seed: number;
  /** Last day of the orders, yyyy-mm-dd. */
  until: string;
}

const DAY_MS = 86_400_000;
/** Seven years of orders. */
const DAYS = 7 * 365;
const PRODUCTS = 100;
const NO_PRODUCT = 999_999;
/** Lines joined before they are written. */
const LINES_AT_ONCE = 2_000;

/** Writes orders.csv, reviews.csv, shipment_deliveries.csv and dim_products.csv; the same size gives the same bytes. */
export async function writeSample(directory: string, size: SampleSize): Promise<void> {
  const write = async (name: string, header: string, rows: Iterable<string>) => {
    await pipeline(Readable.from(blocks(header, rows)), createWriteStream(path.join(directory, name)));
  };
  await write("dim_products.csv", "product_id,product_category,product_name", products());
  await write(
    "orders.csv",
    "order_id,customer_id,order_date,product_id,unit_price,quantity,total_price",
    orders(size),
  );
  await write("reviews.csv", "review,product_id", reviews(size));
  await write("shipment_deliveries.csv", "shipment_id,order_id,shipment_date,delivery_date", shipments(size));
}

function* products(): Generator<string> {
  for (let id = 1; id <= PRODUCTS; id++) yield `${id},${CATEGORIES[id % CATEGORIES.length]},Product ${id}`;
}
const CATEGORIES = ["garden", "kitchen", "office"];

function* orders(size: SampleSize): Generator<string> {
  const random = new Random(String(size.seed), "orders");
  const day = calendar(size.until);
  for (let id = 1; id <= size.orders; id++) {
    const price = random.between(50, 1000);
    const quantity = random.between(1, 10);
    const [date, customer, product] = [day(orderDay(size, id)), random.between(1, 5000), productOf(size, id)];
    const fault = random.chance(size.faults) ? random.between(1, 4) : 0;
    const rest = `${product},${price},${quantity},${price * quantity}`;
    if (fault === 1) yield `${id},${customer},2022-02-30,${rest}`;
    else if (fault === 2) yield `${id},c${customer},${date},${rest}`;
    else if (fault === 3) yield `${Math.max(1, id - 1)},${customer},${date},${rest}`;
    else if (fault === 4) yield `${id},${customer},${date}`;
    else yield `${id},${customer},${date},${rest}`;
  }
}

function* reviews(size: SampleSize): Generator<string> {
  const random = new Random(String(size.seed), "reviews");
  for (let id = 1; id <= size.orders; id++) {
    const fault = random.chance(size.faults) ? random.between(1, 2) : 0;
    const review = random.between(1, 5);
    if (fault === 1) yield `${review + 5},${productOf(size, id)}`;
    else yield `${review},${fault === 2 ? NO_PRODUCT : productOf(size, id)}`;
  }
}

function* shipments(size: SampleSize): Generator<string> {
  const random = new Random(String(size.seed), "shipments");
  const day = calendar(size.until);
  for (let id = 1; id <= size.orders; id++) {
    const order = random.chance(size.faults) ? size.orders + id : id;
    const shipped = orderDay(size, id) + random.between(0, 9);
    const sent = random.chance(0.9) ? day(shipped) : "";
    const delivered = sent !== "" && random.chance(0.85) ? day(shipped + random.between(1, 7)) : "";
    yield `${id},${order},${sent},${delivered}`;
  }
}

/** Day of an order, counted from the first; the same in orders and shipments. */
function orderDay({ seed }: SampleSize, id: number): number {
  return Math.abs(Math.imul(id + seed, 2_654_435_761) >> 4) % DAYS;
}

function productOf({ seed }: SampleSize, id: number): number {
  return 1 + (Math.abs(Math.imul(id + 7 * seed, 40_503) >> 3) % PRODUCTS);
}

/** Text of a day, kept: there are few days and many rows. */
function calendar(until: string): (day: number) => string {
  const first = Date.parse(`${until}T00:00:00Z`) - (DAYS - 1) * DAY_MS;
  const known = new Map<number, string>();
  return (day) => {
    const text = known.get(day) ?? new Date(first + day * DAY_MS).toISOString().slice(0, 10);
    known.set(day, text);
    return text;
  };
}

function* blocks(header: string, rows: Iterable<string>): Generator<string> {
  let lines = [header];
  for (const row of rows) {
    lines.push(row);
    if (lines.length < LINES_AT_ONCE) continue;
    yield `${lines.join("\n")}\n`;
    lines = [];
  }
  if (lines.length > 0) yield `${lines.join("\n")}\n`;
}
