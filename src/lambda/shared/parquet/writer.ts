import * as zlib from "node:zlib";
import { ParquetWriter } from "hyparquet-writer";
import { type Codec, writeChunk } from "./chunk.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { type Struct, schemaElements } from "./schema.ts";
import { compileShredder } from "./shred.ts";
import { compressSnappy } from "./snappy.ts";

/** Memory that a row group may hold before it is encoded; about 30 MB of JSON. */
const ROW_GROUP_BYTES = 16 * 1024 * 1024;

/** Zstandard where this Node.js has it (22.15 on), Snappy otherwise. Every reader in use knows both. */
export function bestCodec(runtime: object = zlib): Codec {
  const { zstdCompressSync: zstd } = runtime as { zstdCompressSync?: Codec["compress"] };
  return zstd
    ? { name: "ZSTD", compress: (bytes) => zstd(bytes) }
    : { name: "SNAPPY", compress: compressSnappy };
}

/**
 * A Parquet file that is written as its rows come: rows are taken apart into columns at once, a full row
 * group is encoded and handed to `sink`, and only the columns of the current group are held.
 */
export class ParquetFile {
  rows = 0;
  readonly #writer: ChunkWriter;
  readonly #file: ParquetWriter;
  readonly #columns: ReturnType<typeof compileShredder>["columns"];
  readonly #shred: (row: object) => void;
  #rowsInGroup = 0;

  constructor(
    row: Struct,
    sink: (bytes: Uint8Array) => void,
    private readonly codec = bestCodec(),
  ) {
    const { columns, shred } = compileShredder(row);
    this.#columns = columns;
    this.#shred = shred;
    this.#writer = new ChunkWriter(sink);
    this.#file = new ParquetWriter({
      writer: this.#writer,
      schema: schemaElements(row),
      codec: codec.name,
      createdBy: "edp",
    });
  }

  /** Adds a row that has passed the schema's check. */
  add(row: object): void {
    this.#shred(row);
    this.rows++;
    this.#rowsInGroup++;
    // Looking at every column is not free, and rows are small.
    if (this.#rowsInGroup % 64 === 0 && this.#bytes() >= ROW_GROUP_BYTES) this.#endRowGroup();
  }

  /** Writes the last row group and the footer. */
  finish(metadata: Record<string, string>): void {
    if (this.#rowsInGroup > 0) this.#endRowGroup();
    this.#file.kvMetadata = Object.entries(metadata).map(([key, value]) => ({ key, value }));
    this.#file.finish();
    this.#writer.hand();
  }

  #bytes(): number {
    let bytes = 0;
    for (const column of this.#columns) bytes += column.bytes;
    return bytes;
  }

  #endRowGroup(): void {
    const start = this.#writer.offset;
    const columns = this.#columns.map((column) =>
      writeChunk(this.#writer, column, this.#rowsInGroup, this.codec),
    );
    const rows = BigInt(this.#rowsInGroup);
    let uncompressed = 0n;
    for (const { meta_data } of columns) uncompressed += meta_data?.total_uncompressed_size ?? 0n;
    this.#file.row_groups.push({
      columns,
      total_byte_size: uncompressed,
      total_compressed_size: BigInt(this.#writer.offset - start),
      num_rows: rows,
    });
    this.#file.num_rows += rows;
    this.#rowsInGroup = 0;
  }
}
