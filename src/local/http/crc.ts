import { crc32 } from "node:zlib";

/**
 * The cyclic redundancy checks of S3's flexible checksums. CRC-32 is Node's own; the other two have no place
 * in it and take a table each.
 * Source: "Checking object integrity in Amazon S3", and the CRC catalogue's CRC-32/ISCSI and CRC-64/NVME.
 */
export interface Crc {
  update(chunk: Uint8Array): void;
  /** Big-endian, as S3 encodes it in base64. */
  digest(): Buffer;
}

/** Reflected polynomial of CRC-32C (Castagnoli). */
const CASTAGNOLI = 0x82f63b78;
/** Reflected polynomial of CRC-64/NVME, in two halves: 64-bit integers of JavaScript are too slow here. */
const NVME_HIGH = 0x9a6c9329;
const NVME_LOW = 0xac4bc9b5;

export function createCrc32(): Crc {
  let value = 0;
  return {
    update: (chunk) => {
      value = crc32(chunk, value);
    },
    digest: () => bigEndian(value),
  };
}

const castagnoliTable = lazyTable(() => {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CASTAGNOLI : value >>> 1;
    table[byte] = value;
  }
  return table;
});

export function createCrc32c(): Crc {
  const table = castagnoliTable();
  let value = ~0;
  return {
    update: (chunk) => {
      let crc = value;
      for (let i = 0; i < chunk.length; i++) {
        crc = (table[(crc ^ (chunk[i] as number)) & 0xff] as number) ^ (crc >>> 8);
      }
      value = crc;
    },
    digest: () => bigEndian(~value),
  };
}

const nvmeTables = lazyTable(() => {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let [upper, lower] = [0, byte];
    for (let bit = 0; bit < 8; bit++) {
      const odd = lower & 1;
      lower = ((lower >>> 1) | (upper << 31)) >>> 0;
      upper >>>= 1;
      if (odd) {
        lower = (lower ^ NVME_LOW) >>> 0;
        upper = (upper ^ NVME_HIGH) >>> 0;
      }
    }
    high[byte] = upper;
    low[byte] = lower;
  }
  return { high, low };
});

export function createCrc64Nvme(): Crc {
  const { high, low } = nvmeTables();
  let [upper, lower] = [~0, ~0];
  return {
    update: (chunk) => {
      let [u, l] = [upper, lower];
      for (let i = 0; i < chunk.length; i++) {
        const at = (l ^ (chunk[i] as number)) & 0xff;
        l = ((l >>> 8) | (u << 24)) ^ (low[at] as number);
        u = (u >>> 8) ^ (high[at] as number);
      }
      [upper, lower] = [u, l];
    },
    digest: () => Buffer.concat([bigEndian(~upper), bigEndian(~lower)]),
  };
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function lazyTable<T>(make: () => T): () => T {
  let table: T | undefined;
  return () => {
    table ??= make();
    return table;
  };
}
