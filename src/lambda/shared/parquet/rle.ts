const GROUP = 8;

/**
 * Encodes levels or dictionary indexes in Parquet's RLE / bit-packing hybrid:
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
 * @param bitWidth bits a value needs, 0-24
 */
export function encodeRle(values: Uint8Array | Int32Array, bitWidth: number): Uint8Array {
  const out = new Uint8Array(16 + Math.ceil((values.length * Math.max(bitWidth, 1)) / 8) + values.length);
  const width = (bitWidth + 7) >> 3;
  let end = 0;
  let pending = 0;
  const varint = (value: number) => {
    let rest = value;
    while (rest > 0x7f) {
      out[end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    out[end++] = rest;
  };
  const flush = (until: number) => {
    if (until <= pending) return;
    const groups = Math.ceil((until - pending) / GROUP);
    varint((groups << 1) | 1);
    end = pack(values, pending, pending + groups * GROUP, bitWidth, out, end);
  };
  let at = 0;
  while (at < values.length) {
    const value = values[at] ?? 0;
    let run = at + 1;
    while (run < values.length && values[run] === value) run++;
    if (run - at < GROUP) {
      // Literals go in whole groups, so that the next run starts where a group ends.
      at = Math.min(at + GROUP, values.length);
      continue;
    }
    flush(at);
    varint((run - at) << 1);
    for (let byte = 0; byte < width; byte++) out[end++] = (value >>> (8 * byte)) & 0xff;
    at = run;
    pending = run;
  }
  flush(values.length);
  return out.subarray(0, end);
}

function pack(
  values: Uint8Array | Int32Array,
  from: number,
  to: number,
  bitWidth: number,
  out: Uint8Array,
  start: number,
): number {
  let end = start;
  let buffer = 0;
  let bits = 0;
  for (let index = from; index < to; index++) {
    // Beyond the last value the group is filled up with zeros.
    buffer |= (index < values.length ? (values[index] as number) : 0) << bits;
    bits += bitWidth;
    while (bits >= 8) {
      out[end++] = buffer & 0xff;
      buffer >>>= 8;
      bits -= 8;
    }
  }
  return end;
}
