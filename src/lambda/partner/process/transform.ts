import type { Layout } from "./columns.ts";
import { KINDS, type Kind } from "./day-file.ts";
import type { OnFault } from "./faults.ts";
import { BOM, withoutBom } from "./head.ts";
import { type Join, type JoinFaults, MemoryJoin, REJECTED } from "./join.ts";
import { hashOf, KeyTable } from "./key-table.ts";
import { printAmount } from "./money.ts";
import { PartitionedJoin } from "./partitioned-join.ts";
import { type RowCounts, type RowRules, RowSink } from "./rows.ts";
import { customerRules, itemRules, orderRules } from "./rules.ts";
import { Scanner } from "./scan.ts";
import { Totals } from "./totals.ts";

/** One file of a day, ready to be read. */
export interface DayInput {
  layout: Layout;
  bytes: number;
  /** Its bytes from the beginning. */
  content: AsyncIterable<Buffer>;
}

export interface JoinOptions {
  onFault(kind: Kind, fault: Parameters<OnFault>[0]): void;
  /** Awaited now and then, so that faults can be written away. */
  breathe?(): Promise<void>;
  /** Bytes of orders that are joined in memory at a time. */
  ordersInMemory?: number;
  /** Have every record go through csv-parse, for comparison. */
  thorough?: boolean;
}

/** What a day gives for one customer. */
export interface CustomerResult {
  reference: string;
  orders: number;
  /** Decimal text as in JSON, exact. */
  amount: string;
}

export interface DayResult {
  counts: Record<Kind, RowCounts>;
  /** Every customer whose row is right, in the order of the file; made as they are taken. */
  customers(): Generator<CustomerResult>;
  /** References of an earlier customers file that the day's has in no row; made as they are taken. */
  vanished(earlier: DayInput): AsyncGenerator<string>;
}

/** In memory an order takes about as many bytes as its row in the file; tiny rows take three times as many. */
const ORDERS_IN_MEMORY = 48 * 1024 * 1024;
/** Each takes some 60 bytes. More could not be sent in a function's 15 minutes either. */
export const MOST_CUSTOMERS = 2_000_000;

/** The day has more customers than MOST_CUSTOMERS. */
export class TooManyCustomers extends Error {}

/**
 * Joins the three files of a day: the orders of each customer, and the exact sum of what their items cost in all
 * (`total_price` is a row's price already, whatever its quantity). Orders of every status count.
 *
 * Each file is read once, as a stream: customers, then orders, then items. In memory are the customers with their
 * totals, and the orders of one partition; where all orders are more than `ordersInMemory`, orders and items are
 * spread over partitions on disk. Faults come in an order that the files alone decide.
 * @throws TooManyCustomers
 */
export async function joinDay(files: Record<Kind, DayInput>, options: JoinOptions): Promise<DayResult> {
  const counts = Object.fromEntries(
    KINDS.map((kind) => [kind, { rows: 0, rejected: 0 }]),
  ) as DayResult["counts"];
  const read = (kind: Kind, rules: RowRules) =>
    readRows(files[kind], new RowSink(files[kind].layout, rules, counts[kind], faultsOf(kind)), options);
  const faultsOf =
    (kind: Kind): OnFault =>
    (fault) =>
      options.onFault(kind, fault);

  const customers = new KeyTable();
  await read("customers", bounded(customerRules(files.customers.layout, customers), customers));
  const totals = new Totals(customers.size);
  const partitions = Math.ceil(files.orders.bytes / (options.ordersInMemory ?? ORDERS_IN_MEMORY));
  const faults = joinFaults(customers, counts, options);
  const join: Join & { close?(): void } =
    partitions > 1 ? new PartitionedJoin(partitions, totals, faults) : new MemoryJoin(totals, faults);
  try {
    await read("orders", orderRules(files.orders.layout, customers, join));
    await read("items", itemRules(files.items.layout, join));
    for (const _step of join.finish()) await options.breathe?.();
  } finally {
    join.close?.();
  }
  return {
    counts,
    customers: () => results(customers, totals),
    vanished: (earlier) => vanished(customers, earlier),
  };
}

async function* vanished(customers: KeyTable, earlier: DayInput): AsyncGenerator<string> {
  const before = new KeyTable();
  const rules = bounded(customerRules(earlier.layout, before), before);
  await readRows(earlier, new RowSink(earlier.layout, rules, { rows: 0, rejected: 0 }, () => {}), {});
  for (let entry = 0; entry < before.size; entry++) {
    if (before.value(entry) < 0) continue;
    const bytes = Buffer.from(before.key(entry));
    if (customers.find(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length)) === -1)
      yield before.key(entry);
  }
}

async function readRows(
  input: DayInput,
  sink: RowSink,
  options: Pick<JoinOptions, "breathe" | "thorough">,
): Promise<void> {
  const scanner = new Scanner(
    0,
    { row() {}, odd: () => scanner.continueWith(input.layout.width, sink) },
    options.thorough,
  );
  let first: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of input.content) {
    if (first === undefined) scanner.push(chunk);
    else {
      first = Buffer.concat([first, chunk]);
      if (first.length < BOM.length) continue;
      scanner.push(withoutBom(first));
      first = undefined;
    }
    await options.breathe?.();
  }
  if (first) scanner.push(first);
  scanner.end();
}

function bounded(rules: RowRules, customers: KeyTable): RowRules {
  const check = () => {
    if (customers.size > MOST_CUSTOMERS) throw new TooManyCustomers();
  };
  return {
    quick(row) {
      check();
      return rules.quick(row);
    },
    thorough(fields, row) {
      check();
      rules.thorough(fields, row);
    },
  };
}

function joinFaults(customers: KeyTable, counts: DayResult["counts"], options: JoinOptions): JoinFaults {
  return {
    duplicateOrder(line, orderReference, customer) {
      // A row that is rejected already is not counted again.
      if (customer !== REJECTED) counts.orders.rejected++;
      const customerReference = customer === REJECTED ? null : customers.key(customer);
      const message = "an earlier row has the same order_reference";
      options.onFault("orders", {
        line,
        column: "order_reference",
        message,
        customerReference,
        orderReference,
      });
    },
    orphanItem(line, orderReference, rejected) {
      counts.items.rejected++;
      const message = rejected
        ? "the row of its order is at fault"
        : "no order of the day has this reference";
      const column = "order_reference";
      options.onFault("items", { line, column, message, customerReference: null, orderReference });
    },
  };
}

function* results(customers: KeyTable, totals: Totals): Generator<CustomerResult> {
  for (let customer = 0; customer < customers.size; customer++) {
    if (customers.value(customer) < 0) continue;
    yield {
      reference: customers.key(customer),
      orders: totals.orders(customer),
      amount: printAmount(totals.units(customer)),
    };
  }
}
