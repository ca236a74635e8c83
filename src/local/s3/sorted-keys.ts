import { partition } from "../storage/partition.ts";

/** A chunk is split when it grows beyond this many keys: an insertion never moves more. */
const MAX_CHUNK = 1024;

/**
 * Orders keys by their UTF-8 bytes, as S3 lists them. JavaScript's own order differs for characters beyond
 * the basic plane: their surrogates sort below U+E000 although their bytes sort above.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Moves surrogates behind the rest of the basic plane. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** A sorted set of keys in chunks: insertion, removal and seeking stay cheap with 100,000 keys and more. */
export class SortedKeys {
  #chunks: string[][] = [];

  add(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (!chunk) {
      this.#chunks.push([key]);
      return;
    }
    const index = partition(chunk, (other) => compareKeys(other, key) < 0);
    if (chunk[index] === key) return;
    chunk.splice(index, 0, key);
    if (chunk.length > MAX_CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1));
  }

  delete(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (!chunk) return;
    const index = partition(chunk, (other) => compareKeys(other, key) < 0);
    if (chunk[index] !== key) return;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The first key for which `before` is false; `before` must be true for a first stretch of the keys only. */
  first(before: (key: string) => boolean): string | undefined {
    const at = partition(this.#chunks, (chunk) => before(chunk[chunk.length - 1] as string));
    const chunk = this.#chunks[at];
    return chunk?.[partition(chunk, before)];
  }

  /** All keys from `start` on (inclusive), in order. The set must not change meanwhile. */
  *from(start: string): Generator<string> {
    const before = (key: string) => compareKeys(key, start) < 0;
    let at = partition(this.#chunks, (chunk) => before(chunk[chunk.length - 1] as string));
    let index = partition(this.#chunks[at] ?? [], before);
    for (; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as string[];
      for (; index < chunk.length; index++) yield chunk[index] as string;
      index = 0;
    }
  }

  /** The chunk that holds the key or would take it: the last one that does not begin behind it. */
  #chunkOf(key: string): number {
    return Math.max(0, partition(this.#chunks, (chunk) => compareKeys(chunk[0] as string, key) <= 0) - 1);
  }
}
