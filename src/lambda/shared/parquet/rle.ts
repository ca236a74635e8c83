/** Values in a bit-packed group. */
const GROUP = 8;

/**
 * Encodes in Parquet's RLE / bit-packing hybrid: runs of eight and more as a value and a count, what lies
 * between them packed into groups of eight.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
 */
export class RleEncoder {
  #out: Uint8Array;
  #end = 0;
  /** Values that wait for being packed. */
  #pending = new Int32Array(GROUP * 32);
  #pendingCount = 0;

  constructor(
    /** Bits a value needs, 0-24. */
    private readonly bitWidth: number,
    expectedBytes = 256,
  ) {
    this.#out = new Uint8Array(expectedBytes);
  }

  /** Adds `count` equal values. */
  add(value: number, count: number): void {
    let rest = count;
    // A run can only start where a group ends.
    while (rest > 0 && (rest < GROUP || this.#pendingCount % GROUP !== 0)) {
      this.#addPending(value);
      rest--;
    }
    if (rest === 0) return;
    this.#pack();
    this.addRun(value, rest);
  }

  /** Adds a run where a group ends. */
  addRun(value: number, count: number): void {
    this.#reserve(10);
    this.#varint(count * 2);
    for (let shift = 0; shift < this.bitWidth; shift += 8) this.#out[this.#end++] = (value >>> shift) & 0xff;
  }

  /** Ends the encoding; the last group is filled up with zeros. */
  finish(): Uint8Array {
    while (this.#pendingCount % GROUP !== 0) this.#pending[this.#pendingCount++] = 0;
    this.#pack();
    return this.#out.subarray(0, this.#end);
  }

  #addPending(value: number): void {
    if (this.#pendingCount === this.#pending.length) this.#pack();
    this.#pending[this.#pendingCount++] = value;
  }

  #pack(): void {
    const count = this.#pendingCount;
    if (count === 0) return;
    this.#reserve(5 + (count * this.bitWidth) / 8);
    this.#varint(((count / GROUP) << 1) | 1);
    this.#end = packBits(this.#pending, count, this.bitWidth, this.#out, this.#end);
    this.#pendingCount = 0;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#out[this.#end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#out[this.#end++] = rest;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#out.length) return;
    const grown = new Uint8Array(Math.max(this.#out.length * 2, this.#end + Math.ceil(bytes)));
    grown.set(this.#out.subarray(0, this.#end));
    this.#out = grown;
  }
}

/**
 * Encodes dictionary indexes as one bit-packed run, behind the byte that names the width. Looking for runs
 * is left to the page's compressor.
 */
export function encodeIndexes(indexes: Int32Array, bitWidth: number): Uint8Array {
  if (bitWidth === 0) {
    const encoder = new RleEncoder(0);
    encoder.addRun(0, indexes.length);
    return Uint8Array.of(0, ...encoder.finish());
  }
  const groups = Math.ceil(indexes.length / GROUP);
  const out = new Uint8Array(8 + groups * bitWidth);
  out[0] = bitWidth;
  let end = 1;
  let header = groups * 2 + 1;
  for (; header > 0x7f; header = Math.floor(header / 128)) out[end++] = (header & 0x7f) | 0x80;
  out[end++] = header;
  packBits(indexes, indexes.length, bitWidth, out, end);
  // Up to the end of the last group, whose rest is zeros.
  return out.subarray(0, end + groups * bitWidth);
}

/** Packs values of up to 24 bits, the first in the lowest bits. Returns the position behind the last byte. */
function packBits(
  values: Int32Array,
  count: number,
  bitWidth: number,
  out: Uint8Array,
  start: number,
): number {
  let end = start;
  let buffer = 0;
  let bits = 0;
  for (let index = 0; index < count; index++) {
    buffer |= (values[index] as number) << bits;
    bits += bitWidth;
    while (bits >= 8) {
      out[end++] = buffer & 0xff;
      buffer >>>= 8;
      bits -= 8;
    }
  }
  if (bits > 0) out[end++] = buffer & 0xff;
  return end;
}
