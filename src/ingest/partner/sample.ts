import { createWriteStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { COLUMNS } from "../../lambda/partner/process/columns.ts";
import { KINDS, type Kind } from "../../lambda/partner/process/day-file.ts";
import { Random } from "../random.ts";

/** What a made-up day is to have. */
export interface SampleSize {
  customers: number;
  /** Rows of the items file; orders are a third of them. */
  rows: number;
  /** Share of rows with a fault, 0 to 1. */
  faults: number;
  seed: number;
}

const FIRST_NAMES: readonly [string, ...string[]] = [
  "Ada",
  "Zoë",
  "Bo",
  "Émile",
  "Nadia",
  "Søren",
  "Mary Ann",
];
const LAST_NAMES: readonly [string, ...string[]] = [
  "Byron",
  "Núñez",
  "O'Neil",
  '"de ""Wit"""',
  '"Diaz, Jr."',
  "Łuk",
];
const ITEMS: readonly [string, ...string[]] = [
  "Lamp",
  "Chair",
  '"Table, oak"',
  '"Screen 27"""',
  "Tasse",
  "椅子",
];
const STATUSES: readonly [string, ...string[]] = ["new", "complete", "Delivered", "cancelled"];
const ITEMS_PER_ORDER = 3;
/** 30 January 2022, in Unix seconds. */
const FIRST_ORDER_SECONDS = 1_643_500_800;
/** Characters written at a time. */
const BLOCK = 256 * 1024;

/**
 * Writes the three files of a made-up day into a directory; the same size and seed give the same bytes. Some
 * customers have no orders. Faults are of every kind that rows can have.
 * @returns the files' paths
 * @throws the signal's reason when it is aborted
 */
export async function writeSample(
  directory: string,
  day: string,
  size: SampleSize,
  signal?: AbortSignal,
): Promise<Record<Kind, string>> {
  const rows = { customers: customerRows(size), orders: orderRows(size), items: itemRows(size) };
  const paths = KINDS.map((kind) => [kind, path.join(directory, `${kind}_${day}.csv`)] as const);
  for (const [kind, file] of paths) await writeFile(file, COLUMNS[kind].join(","), rows[kind], signal);
  return Object.fromEntries(paths) as Record<Kind, string>;
}

async function writeFile(
  file: string,
  header: string,
  rows: Iterable<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await pipeline(blocks(header, rows, signal), createWriteStream(file));
}

async function* blocks(header: string, rows: Iterable<string>, signal?: AbortSignal): AsyncGenerator<string> {
  let block = `${header}\n`;
  for (const row of rows) {
    block += `${row}\n`;
    if (block.length < BLOCK) continue;
    yield block;
    block = "";
    // Ctrl-C is heard between two turns of the event loop.
    await new Promise(setImmediate);
    signal?.throwIfAborted();
  }
  yield block;
}

type Row = (string | number)[];
/** Makes a row wrong. */
type Spoil = (row: Row) => void;

const set =
  (field: number, value: string): Spoil =>
  (row) => {
    row[field] = value;
  };
const oneMore: Spoil = (row) => {
  row.push("");
};
const negative: Spoil = (row) => {
  row[4] = `-${row[4]}`;
};

const SPOILT_CUSTOMERS: readonly [Spoil, ...Spoil[]] = [set(0, ""), set(3, ""), oneMore];
const SPOILT_ORDERS: readonly [Spoil, ...Spoil[]] = [set(1, "nobody"), set(3, ""), set(4, "noon"), oneMore];
const SPOILT_ITEMS: readonly [Spoil, ...Spoil[]] = [
  negative,
  set(4, "free"),
  set(1, "no-order"),
  set(2, 'a "quoted" word'),
  set(3, ""),
];

function* customerRows({ customers, faults, seed }: SampleSize): Generator<string> {
  const random = new Random(String(seed), "customers");
  for (let n = 0; n < customers; n++) {
    const row: Row = [n + 1, random.pick(FIRST_NAMES), random.pick(LAST_NAMES), customer(n), "active"];
    yield line(row, SPOILT_CUSTOMERS, faults, random);
  }
}

function* orderRows({ customers, rows, faults, seed }: SampleSize): Generator<string> {
  const random = new Random(String(seed), "orders");
  for (let n = 0; n < orders(rows); n++) {
    const owner = customer(random.between(0, customers - 1));
    const row: Row = [n + 1, owner, random.pick(STATUSES), order(n), FIRST_ORDER_SECONDS + n];
    yield line(row, SPOILT_ORDERS, faults, random);
  }
}

function* itemRows({ rows, faults, seed }: SampleSize): Generator<string> {
  const random = new Random(String(seed), "items");
  for (let n = 0; n < rows; n++) {
    const price = `${random.between(0, 999)}.${String(random.between(0, 99)).padStart(2, "0")}`;
    const reference = order(Math.floor(n / ITEMS_PER_ORDER));
    const row: Row = [n + 1, reference, random.pick(ITEMS), random.between(1, 9), price];
    yield line(row, SPOILT_ITEMS, faults, random);
  }
}

function line(row: Row, spoils: readonly [Spoil, ...Spoil[]], faults: number, random: Random): string {
  if (random.chance(faults)) random.pick(spoils)(row);
  return row.join(",");
}

const orders = (rows: number): number => Math.ceil(rows / ITEMS_PER_ORDER);
const customer = (n: number): string => `c${n.toString(36)}-${(n * 7919) % 1000}`;
const order = (n: number): string => `o${n.toString(36)}-${(n * 104_729) % 1000}`;
