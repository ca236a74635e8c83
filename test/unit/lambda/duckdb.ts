import { writeFileSync } from "node:fs";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** Reads Parquet with DuckDB, the reader that shares no code with the writer. `FILE` in the query is the file. */
export async function queryParquet(
  directory: string,
  files: Buffer[],
  query: string,
): Promise<Record<string, unknown>[]> {
  const names = files.map((file, index) => {
    const name = path.join(directory, `${index}.parquet`);
    writeFileSync(name, file);
    return `'${name}'`;
  });
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    const sql = query.replaceAll("FILE", `read_parquet([${names.join(",")}])`);
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
