import { KeyTable } from "./key-table.ts";
import type { Totals } from "./totals.ts";

/** Customer of an order whose row is at fault, so that its items are told from those of no order at all. */
export const REJECTED = -1;

/** A reference in a block of bytes, with its hash. */
export interface Key {
  bytes: Uint8Array;
  start: number;
  end: number;
  hash: number;
}

/** An amount in units; `units` is -1 where only `exact` holds it. */
export interface Amount {
  units: number;
  exact: bigint;
}

/** What the join tells of: each is a fault of that row. */
export interface JoinFaults {
  /** An order whose reference an earlier row has. */
  duplicateOrder(line: number, reference: string, customer: number): void;
  /** An item without an order; `rejected` where the order's own row is at fault. */
  orphanItem(line: number, reference: string, rejected: boolean): void;
}

/** Brings items to the customers of their orders. All orders come before the first item. */
export interface Join {
  /** @param customer number of the customer, or REJECTED */
  order(key: Key, customer: number, line: number): void;
  item(key: Key, amount: Amount, line: number): void;
  /** Tells what is still to be told, in steps: a taker can have faults written away between them. */
  finish(): Iterable<void>;
}

/** A join of orders that fit in memory. */
export class MemoryJoin implements Join {
  readonly #orders = new KeyTable();

  constructor(
    private readonly totals: Totals,
    private readonly faults: JoinFaults,
  ) {}

  order({ bytes, start, end, hash }: Key, customer: number, line: number): void {
    if (this.#orders.find(bytes, start, end, hash) !== -1) {
      this.faults.duplicateOrder(line, text(bytes, start, end), customer);
      return;
    }
    this.#orders.add(bytes, start, end, hash, customer);
    if (customer !== REJECTED) this.totals.addOrder(customer);
  }

  item({ bytes, start, end, hash }: Key, { units, exact }: Amount, line: number): void {
    const order = this.#orders.find(bytes, start, end, hash);
    const customer = order === -1 ? REJECTED : this.#orders.value(order);
    if (customer === REJECTED) this.faults.orphanItem(line, text(bytes, start, end), order !== -1);
    else if (units === -1) this.totals.addExact(customer, exact);
    else this.totals.add(customer, units);
  }

  finish(): Iterable<void> {
    return [];
  }
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}
