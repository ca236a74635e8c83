import { type Amount, type Join, type JoinFaults, type Key, MemoryJoin } from "./join.ts";
import { MOST_KEY_BYTES } from "./key-table.ts";
import { SpillFile } from "./spill.ts";
import type { Totals } from "./totals.ts";

/** Hash, length, reference and line; then a customer, or an amount. */
const MOST_ORDER_BYTES = 4 + 1 + MOST_KEY_BYTES + 4 + 4;
const MOST_EXACT_BYTES = 16;
const MOST_ITEM_BYTES = 4 + 1 + MOST_KEY_BYTES + 4 + 8 + MOST_EXACT_BYTES;

/**
 * A join of more orders than fit in memory: orders and items are first spread over partitions on disk by their
 * reference's hash, then joined one partition after the other, each in memory.
 */
export class PartitionedJoin implements Join {
  readonly #orders: SpillFile[];
  readonly #items: SpillFile[];

  constructor(
    private readonly partitions: number,
    private readonly totals: Totals,
    private readonly faults: JoinFaults,
  ) {
    this.#orders = Array.from({ length: partitions }, () => new SpillFile());
    this.#items = Array.from({ length: partitions }, () => new SpillFile());
  }

  order(key: Key, customer: number, line: number): void {
    const file = this.#orders[this.#partition(key.hash)] as SpillFile;
    file.append(MOST_ORDER_BYTES, (block, offset) =>
      block.writeInt32LE(customer, writeKey(block, offset, key, line)),
    );
  }

  item(key: Key, { units, exact }: Amount, line: number): void {
    const file = this.#items[this.#partition(key.hash)] as SpillFile;
    file.append(MOST_ITEM_BYTES, (block, offset) => {
      const at = block.writeDoubleLE(units, writeKey(block, offset, key, line));
      return units === -1 ? writeExact(block, at, exact) : at;
    });
  }

  *finish(): Generator<void> {
    for (let partition = 0; partition < this.partitions; partition++) {
      const join = new MemoryJoin(this.totals, this.faults);
      yield* eachRecord(this.#orders[partition] as SpillFile, (block, at, key, line) => {
        join.order(key, block.readInt32LE(at), line);
        return at + 4;
      });
      yield* eachRecord(this.#items[partition] as SpillFile, (block, at, key, line) => {
        const units = block.readDoubleLE(at);
        join.item(key, { units, exact: units === -1 ? readExact(block, at + 8) : 0n }, line);
        return at + 8 + (units === -1 ? MOST_EXACT_BYTES : 0);
      });
    }
  }

  close(): void {
    for (const file of [...this.#orders, ...this.#items]) file.close();
  }

  #partition(hash: number): number {
    return (hash >>> 16) % this.partitions;
  }
}

function writeKey(block: Buffer, offset: number, { bytes, start, end, hash }: Key, line: number): number {
  let at = block.writeUInt8(end - start, block.writeInt32LE(hash, block.writeUInt32LE(line, offset)));
  for (let from = start; from < end; from++, at++) block[at] = bytes[from] as number;
  return at;
}

/** Takes every record of a file; pauses after each block. */
function* eachRecord(
  file: SpillFile,
  take: (block: Buffer, at: number, key: Key, line: number) => number,
): Generator<void> {
  const key: Key = { bytes: Buffer.alloc(0), start: 0, end: 0, hash: 0 };
  for (const block of file.blocks()) {
    key.bytes = block;
    for (let at = 0; at < block.length; ) {
      const line = block.readUInt32LE(at);
      key.hash = block.readInt32LE(at + 4);
      key.start = at + 9;
      key.end = key.start + block.readUInt8(at + 8);
      at = take(block, key.end, key, line);
    }
    yield;
  }
}

const HALF = 64n;

/** Units of an amount have at most 28 digits, that is 94 bits. */
function writeExact(block: Buffer, offset: number, units: bigint): number {
  return block.writeBigUInt64LE(units >> HALF, block.writeBigUInt64LE(BigInt.asUintN(64, units), offset));
}

function readExact(block: Buffer, offset: number): bigint {
  return block.readBigUInt64LE(offset) + (block.readBigUInt64LE(offset + 8) << HALF);
}
