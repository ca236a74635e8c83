/**
 * References and a number for each, in few bytes: some 30 and the reference itself, where a Map of strings takes
 * about 150. Nothing of it is for the garbage collector to look through.
 */
export class KeyTable {
  /** Number of references. */
  size = 0;
  #slots = new Int32Array(FIRST_ENTRIES * 2).fill(EMPTY);
  #hashes = new Int32Array(FIRST_ENTRIES);
  #ends = new Float64Array(FIRST_ENTRIES);
  #values = new Int32Array(FIRST_ENTRIES);
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** The entry of a reference, -1 where there is none. `hash` is `hashOf` of the same bytes. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] as number;
      if (entry === EMPTY) return -1;
      if (this.#hashes[entry] === hash && this.#equals(entry, bytes, start, end)) return entry;
    }
  }

  /** Adds a reference that is not in the table. Returns its entry: they are counted from 0. */
  add(bytes: Uint8Array, start: number, end: number, hash: number, value: number): number {
    const entry = this.size++;
    if (entry === this.#hashes.length) this.#grow();
    this.#hashes[entry] = hash;
    this.#values[entry] = value;
    this.#ends[entry] = this.#store(bytes, start, end);
    this.#place(entry, hash);
    return entry;
  }

  value(entry: number): number {
    return this.#values[entry] as number;
  }

  /** The reference of an entry. */
  key(entry: number): string {
    const end = this.#ends[entry] as number;
    const at = (end - 1) % CHUNK;
    const chunk = this.#chunks[Math.floor((end - 1) / CHUNK)] as Buffer;
    return chunk.toString("utf8", at - (chunk[at] as number), at);
  }

  #equals(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const stored = this.#ends[entry] as number;
    const at = (stored - 1) % CHUNK;
    const chunk = this.#chunks[Math.floor((stored - 1) / CHUNK)] as Buffer;
    const length = end - start;
    if (chunk[at] !== length) return false;
    for (let from = start, to = at - length; from < end; from++, to++) {
      if (bytes[from] !== chunk[to]) return false;
    }
    return true;
  }

  /** Keeps the bytes, with their number behind them; a reference never lies in two chunks. */
  #store(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (this.#chunks.length * CHUNK - this.#bytes < length + 1) {
      this.#bytes = this.#chunks.length * CHUNK;
      this.#chunks.push(Buffer.allocUnsafe(CHUNK));
    }
    const chunk = this.#chunks.at(-1) as Buffer;
    const at = this.#bytes % CHUNK;
    for (let from = start, to = at; from < end; from++, to++) chunk[to] = bytes[from] as number;
    chunk[at + length] = length;
    this.#bytes += length + 1;
    return this.#bytes;
  }

  #place(entry: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
  }

  #grow(): void {
    const entries = this.#hashes.length * 2;
    this.#hashes = enlarged(this.#hashes, new Int32Array(entries));
    this.#values = enlarged(this.#values, new Int32Array(entries));
    this.#ends = enlarged(this.#ends, new Float64Array(entries));
    this.#slots = new Int32Array(entries * 2).fill(EMPTY);
    for (let entry = 0; entry < entries / 2; entry++) this.#place(entry, this.#hashes[entry] as number);
  }
}

/** Longest reference, in bytes of UTF-8: its length is kept in one byte. */
export const MOST_KEY_BYTES = 255;

const FIRST_ENTRIES = 1 << 12;
const EMPTY = -1;
const CHUNK = 1 << 20;

/** FNV-1a, its bits mixed once more: tables take the low ones, partitions the high ones. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

function enlarged<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
