import type { ColumnChunk, CompressionCodec, Encoding } from "hyparquet";
import type { ByteWriter } from "hyparquet-writer";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import type { Column } from "./column.ts";
import type { Levels } from "./levels.ts";
import { encodeIndexes, RleEncoder } from "./rle.ts";
import type { Encoded } from "./values.ts";

/** A codec of the Parquet specification and its compressor. */
export interface Codec {
  name: CompressionCodec;
  compress: (bytes: Uint8Array) => Uint8Array;
}

/**
 * Writes what a column has collected as one column chunk (a dictionary page where values repeat, one data
 * page V2) and empties the column: https://github.com/apache/parquet-format#data-pages
 * hyparquet-writer's own `writeColumn` takes shredded values too, but its work per value (dictionary,
 * text encoding, statistics) alone takes longer than DuckDB's whole conversion.
 * @param rows number of rows in the row group
 */
export function writeChunk(writer: ByteWriter, column: Column, rows: number, codec: Codec): ColumnChunk {
  const encoded = column.values.take();
  const start = writer.offset;
  const encodings: Encoding[] = ["RLE"];
  let uncompressed = 0;
  let dictionaryOffset: bigint | undefined;
  if (encoded.dictionary) {
    dictionaryOffset = BigInt(start);
    encodings.push("PLAIN");
    uncompressed += writeDictionaryPage(writer, encoded.plain, encoded.dictionary.count, codec);
  }
  const dataOffset = BigInt(writer.offset);
  encodings.push(encoded.dictionary ? "RLE_DICTIONARY" : "PLAIN");
  const values = column.maxDefinition > 0 ? column.definition.length : encoded.count;
  uncompressed += writeDataPage(writer, column, encoded, { rows, values }, codec);
  return {
    file_offset: BigInt(start),
    meta_data: {
      type: PHYSICAL[column.leaf.kind],
      encodings,
      path_in_schema: [...column.path],
      codec: codec.name,
      num_values: BigInt(values),
      total_uncompressed_size: BigInt(uncompressed),
      total_compressed_size: BigInt(writer.offset - start),
      data_page_offset: dataOffset,
      dictionary_page_offset: dictionaryOffset,
      statistics: {
        null_count: BigInt(values - encoded.count),
        min_value: encoded.min,
        max_value: encoded.max,
      },
    },
  };
}

const PHYSICAL = {
  string: "BYTE_ARRAY",
  json: "BYTE_ARRAY",
  int64: "INT64",
  timestamp: "INT64",
  date: "INT32",
  boolean: "BOOLEAN",
} as const;

function writeDictionaryPage(writer: ByteWriter, bytes: Uint8Array, count: number, codec: Codec): number {
  const compressed = codec.compress(bytes);
  const start = writer.offset;
  writePageHeader(writer, {
    type: "DICTIONARY_PAGE",
    uncompressed_page_size: bytes.length,
    compressed_page_size: compressed.length,
    dictionary_page_header: { num_values: count, encoding: "PLAIN" },
  });
  const header = writer.offset - start;
  writer.appendBytes(compressed);
  return header + bytes.length;
}

function writeDataPage(
  writer: ByteWriter,
  column: Column,
  encoded: Encoded,
  counts: { rows: number; values: number },
  codec: Codec,
): number {
  const repetition = encodeLevels(column.repetition, column.maxRepetition);
  const definition = encodeLevels(column.definition, column.maxDefinition);
  const levelBytes = repetition.length + definition.length;
  const bytes = encoded.dictionary
    ? encodeIndexes(encoded.dictionary.indexes, bitWidth(encoded.dictionary.count - 1))
    : encoded.plain;
  const compressed = codec.compress(bytes);
  const start = writer.offset;
  writePageHeader(writer, {
    type: "DATA_PAGE_V2",
    uncompressed_page_size: levelBytes + bytes.length,
    compressed_page_size: levelBytes + compressed.length,
    data_page_header_v2: {
      num_values: counts.values,
      num_nulls: counts.values - encoded.count,
      num_rows: counts.rows,
      encoding: encoded.dictionary ? "RLE_DICTIONARY" : "PLAIN",
      definition_levels_byte_length: definition.length,
      repetition_levels_byte_length: repetition.length,
      is_compressed: true,
    },
  });
  const header = writer.offset - start;
  writer.appendBytes(repetition);
  writer.appendBytes(definition);
  writer.appendBytes(compressed);
  return header + levelBytes + bytes.length;
}

function encodeLevels(levels: Levels, max: number): Uint8Array {
  const { levels: values, counts } = levels.take();
  if (max === 0) return new Uint8Array();
  const encoder = new RleEncoder(bitWidth(max));
  for (let run = 0; run < values.length; run++) encoder.add(values[run] as number, counts[run] as number);
  return encoder.finish();
}

const bitWidth = (max: number): number => 32 - Math.clz32(max);
