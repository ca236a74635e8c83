import { createHash } from "node:crypto";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Length of a Spotify id. */
const ID_LENGTH = 22;

/** A seeded source of numbers: the same seed gives the same sequence on every machine. */
export class Random {
  #state: number;

  /** @param seed any text; `part` separates independent sequences of one seed. */
  constructor(seed: string, part: string) {
    this.#state = createHash("sha256").update(`${seed}\0${part}`).digest().readUInt32LE(0);
  }

  /** A number in [0, 1), by the mulberry32 generator. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.between(0, list.length - 1)] ?? list[0];
  }
}

/** The id of the thing that `name` stands for: 22 base62 characters, no two alike in practice (131 bits of a hash). */
export function sampleId(seed: string, name: string): string {
  const digest = createHash("sha256").update(`${seed}\0id\0${name}`).digest("hex");
  let value = BigInt(`0x${digest}`);
  let id = "";
  for (let index = 0; index < ID_LENGTH; index++) {
    id += BASE62[Number(value % 62n)];
    value /= 62n;
  }
  return id;
}
