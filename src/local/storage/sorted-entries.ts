import { partition } from "./partition.ts";

/** A chunk is split when it grows beyond this many entries: an insertion never moves more. */
const MAX_CHUNK = 512;

interface Chunk<V> {
  keys: string[];
  values: V[];
}

/** A map sorted by its keys' UTF-16 code units, in chunks: insertion, removal and seeking stay cheap with a million entries. */
export class SortedEntries<V> {
  #chunks: Chunk<V>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (!chunk) return undefined;
    const index = place(chunk, key);
    return chunk.keys[index] === key ? chunk.values[index] : undefined;
  }

  set(key: string, value: V): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (!chunk) {
      this.#chunks.push({ keys: [key], values: [value] });
      this.#size++;
      return;
    }
    const index = place(chunk, key);
    if (chunk.keys[index] === key) {
      chunk.values[index] = value;
      return;
    }
    chunk.keys.splice(index, 0, key);
    chunk.values.splice(index, 0, value);
    this.#size++;
    if (chunk.keys.length <= MAX_CHUNK) return;
    const middle = chunk.keys.length >> 1;
    this.#chunks.splice(at + 1, 0, { keys: chunk.keys.splice(middle), values: chunk.values.splice(middle) });
  }

  delete(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (!chunk) return;
    const index = place(chunk, key);
    if (chunk.keys[index] !== key) return;
    chunk.keys.splice(index, 1);
    chunk.values.splice(index, 1);
    this.#size--;
    if (chunk.keys.length === 0) this.#chunks.splice(at, 1);
  }

  /** Entries from `start` (inclusive) to `end` (exclusive), in order. The map must not change meanwhile. */
  *ascending(start = "", end?: string): Generator<[string, V]> {
    let at = this.#chunkOf(start);
    let index = partition(this.#chunks[at]?.keys ?? [], (key) => key < start);
    for (; at < this.#chunks.length; at++) {
      const { keys, values } = this.#chunks[at] as Chunk<V>;
      for (; index < keys.length; index++) {
        const key = keys[index] as string;
        if (end !== undefined && key >= end) return;
        yield [key, values[index] as V];
      }
      index = 0;
    }
  }

  /** The same entries from the last to the first. */
  *descending(start: string, end: string): Generator<[string, V]> {
    let at = this.#chunkOf(end);
    let index = partition(this.#chunks[at]?.keys ?? [], (key) => key < end) - 1;
    for (; at >= 0; at--) {
      const chunk = this.#chunks[at];
      if (!chunk) continue;
      if (index === Number.POSITIVE_INFINITY) index = chunk.keys.length - 1;
      for (; index >= 0; index--) {
        const key = chunk.keys[index] as string;
        if (key < start) return;
        yield [key, chunk.values[index] as V];
      }
      index = Number.POSITIVE_INFINITY;
    }
  }

  /** The chunk that holds the key or would take it: the last one that does not begin behind it. */
  #chunkOf(key: string): number {
    return Math.max(0, partition(this.#chunks, ({ keys }) => (keys[0] as string) <= key) - 1);
  }
}

function place<V>({ keys }: Chunk<V>, key: string): number {
  return partition(keys, (other) => other < key);
}
