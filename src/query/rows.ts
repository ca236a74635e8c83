import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { Clients } from "../aws/clients.ts";
import type { QueryResult, Value } from "../lambda/warehouse/run/query.ts";

/** Reads the rows of a result that was too large to be answered directly. */
export async function readRows(
  clients: Clients,
  { object }: QueryResult,
  signal: AbortSignal,
): Promise<Value[][]> {
  if (!object) return [];
  const s3 = await clients.s3();
  const found = await s3.send(new GetObjectCommand({ Bucket: object.bucket, Key: object.key }), {
    abortSignal: signal,
  });
  const text = (await found.Body?.transformToString()) ?? "";
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Value[]);
}

/** A row by its columns' names. */
export type Row = Record<string, Value>;

/** Rows as CSV with a header, as RFC 4180 has it; NULL is an empty field, an empty text is `""`. */
export function* csvLines(columns: readonly { name: string }[], rows: readonly Row[]): Generator<string> {
  const names = columns.map(({ name }) => name);
  yield `${names.map(csvField).join(",")}\n`;
  for (const row of rows) yield `${names.map((name) => csvField(row[name] ?? null)).join(",")}\n`;
}

function csvField(value: Value): string {
  if (value === null) return "";
  const text = String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Columns with names of their own: one whose name came before gets its number. */
export function distinctColumns<Column extends { name: string }>(columns: readonly Column[]): Column[] {
  const names = new Set<string>();
  return columns.map((column) => {
    let { name } = column;
    for (let number = 2; names.has(name); number++) name = `${column.name}_${number}`;
    names.add(name);
    return { ...column, name };
  });
}

export function rowObjects(columns: readonly { name: string }[], rows: readonly Value[][]): Row[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])));
}
