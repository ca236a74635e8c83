import zlib from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import { parquetMetadata, parquetReadObjects } from "hyparquet";

export interface ParquetRows {
  /** Rows in the whole file. */
  total: number;
  rows: Record<string, unknown>[];
}

/** Reads the first rows of a Parquet object of a few MB; zstd pages need a Node that has zstd (22.15 or newer). */
export async function readParquetRows(
  s3: S3Client,
  object: { bucket: string; key: string },
  options: { columns: string[]; limit: number },
): Promise<ParquetRows> {
  const { GetObjectCommand } = await import("@aws-sdk/client-s3");
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: object.bucket, Key: object.key }));
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
  const file = new Uint8Array(bytes).buffer;
  const metadata = parquetMetadata(file);
  const total = Number(metadata.num_rows);
  const rows = await parquetReadObjects({
    file,
    metadata,
    columns: options.columns,
    rowEnd: Math.min(options.limit, total),
    compressors: { ZSTD: zstdDecompress },
  });
  return { total, rows };
}

function zstdDecompress(input: Uint8Array): Uint8Array {
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Uint8Array };
  if (!zstdDecompressSync) throw new Error(`Node ${process.version} cannot read zstd; use 22.15 or newer`);
  return zstdDecompressSync(input);
}
