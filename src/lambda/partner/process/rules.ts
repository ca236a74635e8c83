import type { Layout } from "./columns.ts";
import { isDigits, isPlainReference, quantityFault, referenceFault, timestampFault } from "./fields.ts";
import { type Amount, type Join, type Key, REJECTED } from "./join.ts";
import { hashOf, type KeyTable } from "./key-table.ts";
import { parseAmount, quickAmount } from "./money.ts";
import type { RowRules } from "./rows.ts";

/**
 * Customers: the value of a reference is the line it was first seen on, negative where that row is at fault. The
 * first row of a reference counts.
 */
export function customerRules({ position }: Layout, customers: KeyTable): RowRules {
  const { id, reference } = { id: at(position, "id"), reference: at(position, "customer_reference") };
  const counted = mask(id, reference);
  return {
    quick({ bytes, starts, ends, escaped, line }) {
      const start = starts[reference] as number;
      const end = ends[reference] as number;
      if (escaped & counted || starts[id] === ends[id] || !isPlainReference(bytes, start, end)) return false;
      const hash = hashOf(bytes, start, end);
      if (customers.find(bytes, start, end, hash) !== -1) return false;
      customers.add(bytes, start, end, hash, line);
      return true;
    },
    thorough(fields, row) {
      const text = fields[reference] ?? "";
      const references = { customerReference: text || null };
      const ofReference = referenceFault(text);
      if (fields[id] === "") row.fault("id", EMPTY, references);
      if (ofReference) return row.fault("customer_reference", ofReference, references);
      const { bytes, start, end, hash } = keyOf(text);
      const known = customers.find(bytes, start, end, hash);
      if (known === -1) {
        customers.add(bytes, start, end, hash, fields[id] === "" ? -row.line : row.line);
      } else {
        const first = Math.abs(customers.value(known));
        row.fault("customer_reference", `the reference is on line ${first} already`, references);
      }
    },
  };
}

/** Orders: each goes to its customer. Where the row is at fault, its reference is remembered as rejected. */
export function orderRules({ position }: Layout, customers: KeyTable, join: Join): RowRules {
  const id = at(position, "id");
  const customer = at(position, "customer_reference");
  const order = at(position, "order_reference");
  const time = at(position, "order_timestamp");
  const counted = mask(id, customer, order, time);
  const key: Key = { bytes: Buffer.alloc(0), start: 0, end: 0, hash: 0 };
  return {
    quick({ bytes, starts, ends, escaped, line }) {
      if (escaped & counted || starts[id] === ends[id]) return false;
      const start = starts[customer] as number;
      const end = ends[customer] as number;
      key.start = starts[order] as number;
      key.end = ends[order] as number;
      if (!isPlainReference(bytes, start, end) || !isPlainReference(bytes, key.start, key.end)) return false;
      if (!isDigits(bytes, starts[time] as number, ends[time] as number)) return false;
      const owner = customers.find(bytes, start, end, hashOf(bytes, start, end));
      if (owner === -1 || customers.value(owner) < 0) return false;
      key.bytes = bytes;
      key.hash = hashOf(bytes, key.start, key.end);
      join.order(key, owner, line);
      return true;
    },
    thorough(fields, row) {
      const text = fields[order] ?? "";
      const customerText = fields[customer] ?? "";
      const references = { customerReference: customerText || null, orderReference: text || null };
      let right = true;
      const check = (column: string, message: string | undefined) => {
        if (!message) return;
        row.fault(column, message, references);
        right = false;
      };
      check("id", fields[id] === "" ? EMPTY : undefined);
      const ofCustomer = referenceFault(customerText);
      const owner = ofCustomer ? -1 : find(customers, customerText);
      check("customer_reference", ofCustomer ?? customerFault(customers, owner));
      const ofOrder = referenceFault(text);
      check("order_reference", ofOrder);
      check("order_timestamp", timestampFault(fields[time] ?? ""));
      if (!ofOrder) join.order(keyOf(text), right ? owner : REJECTED, row.line);
    },
  };
}

/** Items: the amount of each goes to its order's customer. */
export function itemRules({ position }: Layout, join: Join): RowRules {
  const id = at(position, "id");
  const order = at(position, "order_reference");
  const quantity = at(position, "quantity");
  const price = at(position, "total_price");
  const counted = mask(id, order, quantity, price);
  const key: Key = { bytes: Buffer.alloc(0), start: 0, end: 0, hash: 0 };
  const amount: Amount = { units: 0, exact: 0n };
  return {
    quick({ bytes, starts, ends, escaped, line }) {
      if (escaped & counted || starts[id] === ends[id]) return false;
      key.start = starts[order] as number;
      key.end = ends[order] as number;
      if (!isDigits(bytes, starts[quantity] as number, ends[quantity] as number)) return false;
      if (!isPlainReference(bytes, key.start, key.end)) return false;
      amount.units = quickAmount(bytes, starts[price] as number, ends[price] as number);
      if (amount.units === -1) return false;
      key.bytes = bytes;
      key.hash = hashOf(bytes, key.start, key.end);
      join.item(key, amount, line);
      return true;
    },
    thorough(fields, row) {
      const text = fields[order] ?? "";
      const references = { orderReference: text || null };
      let right = true;
      const check = (column: string, message: string | undefined) => {
        if (!message) return;
        row.fault(column, message, references);
        right = false;
      };
      check("id", fields[id] === "" ? EMPTY : undefined);
      check("order_reference", referenceFault(text));
      check("quantity", quantityFault(fields[quantity] ?? ""));
      const priceText = fields[price] ?? "";
      const units = priceText === "" ? EMPTY : parseAmount(priceText);
      check("total_price", typeof units === "string" ? units : undefined);
      if (right && typeof units === "bigint") join.item(keyOf(text), { units: -1, exact: units }, row.line);
    },
  };
}

const EMPTY = "the field is empty";

function customerFault(customers: KeyTable, owner: number): string | undefined {
  if (owner === -1) return "no customer of the day has this reference";
  const line = customers.value(owner);
  return line < 0 ? `the customer's own row, line ${-line}, is at fault` : undefined;
}

function find(table: KeyTable, reference: string): number {
  const { bytes, start, end, hash } = keyOf(reference);
  return table.find(bytes, start, end, hash);
}

function keyOf(reference: string): Key {
  const bytes = Buffer.from(reference);
  return { bytes, start: 0, end: bytes.length, hash: hashOf(bytes, 0, bytes.length) };
}

function at(position: Readonly<Record<string, number>>, column: string): number {
  return position[column] ?? -1;
}

function mask(...fields: number[]): number {
  return fields.reduce((bits, field) => bits | (1 << field), 0);
}
