import { daysSinceEpoch } from "./check.ts";
import { GrowableIntegers } from "./growable.ts";
import type { Leaf } from "./schema.ts";

/** The non-null values of one column in one row group, in Parquet's physical form; valid until the next push. */
export interface Encoded {
  count: number;
  /** PLAIN values; with a dictionary, its distinct values. */
  plain: Uint8Array;
  /** Set where the values are indexes into `count` distinct ones. */
  dictionary?: { indexes: Int32Array; count: number };
  min?: string | number | bigint;
  max?: string | number | bigint;
}

/** Collects the non-null values of a column. */
export interface Values {
  push(value: unknown): void;
  /** Roughly the memory held, in bytes. */
  readonly bytes: number;
  /** Hands over what was collected and starts anew. */
  take(): Encoded;
}

export function createValues(kind: Leaf["kind"]): Values {
  switch (kind) {
    case "string":
    case "json":
      return new TextValues();
    case "int64":
    case "timestamp":
      return new Int64Values();
    case "date":
      return new DateValues();
    case "boolean":
      return new BooleanValues();
  }
}

const SAMPLE = 512;
const MAX_DICTIONARY = 65_536;

/** Text, through a dictionary while values repeat. What one row group showed decides for the next. */
export class TextValues implements Values {
  bytes = 0;
  #plain: string[] = [];
  readonly #indexes = new GrowableIntegers();
  #dictionary: Map<string, number> | undefined = new Map();

  push(value: unknown): void {
    const text = value as string;
    const dictionary = this.#dictionary;
    if (dictionary === undefined) {
      this.#plain.push(text);
      this.bytes += text.length + 16;
      return;
    }
    const known = dictionary.get(text);
    if (known !== undefined) {
      this.#indexes.push(known);
      this.bytes += 4;
      return;
    }
    this.#indexes.push(dictionary.size);
    dictionary.set(text, dictionary.size);
    this.bytes += text.length + 48;
    const seen = this.#indexes.length;
    if (dictionary.size > MAX_DICTIONARY || (seen >= SAMPLE && dictionary.size * 2 > seen)) this.#abandon();
  }

  take(): Encoded {
    const plain = this.#plain;
    const indexes = this.#indexes.view();
    const dictionary = this.#dictionary;
    this.#plain = [];
    this.#indexes.clear();
    this.bytes = 0;
    if (dictionary === undefined) return { count: plain.length, plain: encodeTexts(plain) };
    this.#dictionary = new Map();
    const distinct = [...dictionary.keys()];
    if (indexes.length === 0 || distinct.length * 2 > indexes.length) {
      return {
        count: indexes.length,
        plain: encodeTexts(Array.from(indexes, (index) => distinct[index] ?? "")),
      };
    }
    return {
      count: indexes.length,
      plain: encodeTexts(distinct),
      dictionary: { indexes, count: distinct.length },
    };
  }

  #abandon(): void {
    const distinct = [...(this.#dictionary?.keys() ?? [])];
    this.#plain = Array.from(this.#indexes.view(), (index) => distinct[index] ?? "");
    this.#indexes.clear();
    this.#dictionary = undefined;
  }
}

/** PLAIN byte arrays: each value behind its length as 4 bytes, little endian. */
function encodeTexts(texts: readonly string[]): Uint8Array {
  let capacity = 0;
  for (const text of texts) capacity += 4 + text.length;
  // Room for a fifth of two-byte characters; one growth covers the rest, 3 bytes a UTF-16 unit at most.
  let bytes = Buffer.allocUnsafe(Math.ceil(capacity * 1.2) + 16);
  let end = 0;
  for (const text of texts) {
    if (end + 4 + text.length * 3 > bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(bytes.length * 2, end + 4 + text.length * 3));
      bytes.copy(grown, 0, 0, end);
      bytes = grown;
    }
    const length = bytes.write(text, end + 4);
    bytes.writeUInt32LE(length, end);
    end += 4 + length;
  }
  return bytes.subarray(0, end);
}

/** Typed arrays of this machine are little endian, as PLAIN integers are: so are all that Node.js runs on. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** 64-bit integers, given as safe numbers or as bigints. */
class Int64Values implements Values {
  readonly #words = new GrowableIntegers();
  #min: number | bigint | undefined;
  #max: number | bigint | undefined;

  get bytes(): number {
    return this.#words.length * 4;
  }

  push(value: unknown): void {
    const integer = value as number | bigint;
    if (typeof integer === "number") {
      this.#words.push(integer | 0);
      this.#words.push(Math.floor(integer / 4294967296));
    } else {
      this.#words.push(Number(BigInt.asIntN(32, integer)));
      this.#words.push(Number(integer >> 32n));
    }
    if (this.#min === undefined || integer < this.#min) this.#min = integer;
    if (this.#max === undefined || integer > this.#max) this.#max = integer;
  }

  take(): Encoded {
    const encoded = {
      count: this.#words.length / 2,
      plain: bytesOf(this.#words.view()),
      min: this.#min,
      max: this.#max,
    };
    this.#words.clear();
    this.#min = undefined;
    this.#max = undefined;
    return encoded;
  }
}

/** Dates, given as ISO text. */
class DateValues implements Values {
  readonly #days = new GrowableIntegers();
  #known = new Map<string, number>();

  get bytes(): number {
    return this.#days.length * 4;
  }

  push(value: unknown): void {
    const text = value as string;
    let days = this.#known.get(text);
    if (days === undefined) {
      days = daysSinceEpoch(text) ?? 0;
      this.#known.set(text, days);
    }
    this.#days.push(days);
  }

  take(): Encoded {
    const days = this.#days.view();
    this.#days.clear();
    this.#known.clear();
    let min = days[0];
    let max = days[0];
    for (const day of days) {
      if (min === undefined || day < min) min = day;
      if (max === undefined || day > max) max = day;
    }
    return { count: days.length, plain: bytesOf(days), min, max };
  }
}

/** Booleans, one bit each, least significant first. */
class BooleanValues implements Values {
  #values: boolean[] = [];

  get bytes(): number {
    return this.#values.length * 8;
  }

  push(value: unknown): void {
    this.#values.push(value as boolean);
  }

  take(): Encoded {
    const values = this.#values;
    this.#values = [];
    const plain = new Uint8Array(Math.ceil(values.length / 8));
    for (let index = 0; index < values.length; index++) {
      if (values[index]) plain[index >> 3] = (plain[index >> 3] ?? 0) | (1 << (index & 7));
    }
    return { count: values.length, plain };
  }
}
