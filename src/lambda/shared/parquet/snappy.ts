/** Matches are looked for within blocks of this size, so that offsets need two bytes. */
const BLOCK = 65_536;
const MAX_TABLE_BITS = 14;
/** Bytes at a block's end in which no match begins. */
const MARGIN = 15;
/** Longest match that one copy element takes. */
const MAX_COPY = 64;

const table = new Uint16Array(1 << MAX_TABLE_BITS);

/**
 * Compresses in Snappy's raw format: https://github.com/google/snappy/blob/main/format_description.txt
 * Used where the runtime has no Zstandard. hyparquet-writer has a compressor too, whose writes byte by byte
 * through growing buffers take V8 longer to compile than a batch of small files takes to convert.
 */
export function compressSnappy(input: Uint8Array): Uint8Array {
  const out = new Uint8Array(32 + input.length + Math.ceil(input.length / 6));
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let end = 0;
  let length = input.length;
  for (; length > 0x7f; length >>>= 7) out[end++] = (length & 0x7f) | 0x80;
  out[end++] = length;
  for (let start = 0; start < input.length; start += BLOCK) {
    end = compressBlock(input, view, start, Math.min(start + BLOCK, input.length), out, end);
  }
  return out.subarray(0, end);
}

// Small functions on purpose: V8 compiles and recompiles what is hot, and a batch of small files is over
// before one large loop has paid for that.
function compressBlock(
  input: Uint8Array,
  view: DataView,
  start: number,
  stop: number,
  out: Uint8Array,
  outStart: number,
): number {
  const bits = Math.min(MAX_TABLE_BITS, 32 - Math.clz32(stop - start));
  table.fill(0, 0, 1 << bits);
  let end = outStart;
  let emitted = start;
  for (;;) {
    const at = findMatch(view, start, emitted, stop - MARGIN, 32 - bits);
    if (at < 0) return writeLiteral(input, emitted, stop, out, end);
    const offset = at - candidate;
    end = writeLiteral(input, emitted, at, out, end);
    emitted = endOfMatch(input, at + 4, offset, stop);
    end = writeCopies(offset, emitted - at, out, end);
  }
}

/** Where the match that {@link findMatch} found is a copy of. */
let candidate = 0;

/** The first position from `from` on whose four bytes occurred before in the block; -1 when there is none. */
function findMatch(view: DataView, start: number, from: number, limit: number, shift: number): number {
  let at = from === start ? start + 1 : from;
  while (at < limit) {
    const four = view.getInt32(at, true);
    const slot = Math.imul(four, 0x1e35a7bd) >>> shift;
    candidate = start + (table[slot] as number);
    table[slot] = at - start;
    if (view.getInt32(candidate, true) === four) return at;
    // The longer nothing has matched, the larger the steps: such bytes don't compress.
    at += 1 + ((at - from) >> 5);
  }
  return -1;
}

function endOfMatch(input: Uint8Array, from: number, offset: number, stop: number): number {
  let at = from;
  while (at < stop && input[at] === input[at - offset]) at++;
  return at;
}

function writeLiteral(input: Uint8Array, from: number, to: number, out: Uint8Array, start: number): number {
  let end = start;
  const count = to - from;
  if (count === 0) return end;
  if (count <= 60) out[end++] = (count - 1) << 2;
  else if (count <= 256) {
    out[end++] = 60 << 2;
    out[end++] = count - 1;
  } else {
    out[end++] = 61 << 2;
    out[end++] = (count - 1) & 0xff;
    out[end++] = (count - 1) >>> 8;
  }
  if (count > 32) out.set(input.subarray(from, to), end);
  else for (let index = 0; index < count; index++) out[end + index] = input[from + index] as number;
  return end + count;
}

/** Copies with an offset of two bytes; a copy of 4 to 11 bytes that is near takes one byte less. */
function writeCopies(offset: number, count: number, out: Uint8Array, start: number): number {
  let end = start;
  let rest = count;
  while (rest > 0) {
    if (rest >= 4 && rest <= 11 && offset < 2048) {
      out[end++] = 1 | ((rest - 4) << 2) | ((offset >>> 8) << 5);
      out[end++] = offset & 0xff;
      return end;
    }
    const length = Math.min(rest, MAX_COPY);
    out[end++] = 2 | ((length - 1) << 2);
    out[end++] = offset & 0xff;
    out[end++] = offset >>> 8;
    rest -= length;
  }
  return end;
}
