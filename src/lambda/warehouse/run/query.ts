import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Client, FieldDef } from "pg";
import { PermanentFault } from "../../shared/faults.ts";
import { sqlState } from "./database.ts";
import type { Invocation } from "./invocation.ts";
import { lockWarehouse, migrate } from "./migrate.ts";

/** Rows fetched at a time. */
const ROWS_AT_ONCE = 2_000;
/** Largest result that is answered as it is; Lambda's limit is 6 MB. */
const ANSWER_BYTES = 4 * 1024 * 1024;
/** Largest result at all: it is held in memory before it goes to the exports bucket. */
const RESULT_BYTES = 128 * 1024 * 1024;
/** Seconds that a query may take where nothing else is asked for. */
const DEFAULT_TIMEOUT_SECONDS = 30;
const MAX_TIMEOUT_SECONDS = 840;
/** What answers with few rows, and no cursor takes. */
const NO_CURSOR = /^(explain|show)\b/i;
/** Folder of large results in the exports bucket. */
const RESULTS = "queries/";

export interface QueryRequest {
  sql: string;
  timeoutSeconds?: number;
}

export type Value = string | number | boolean | null;

/** Rows as arrays in the order of the columns, or the object that holds them as JSON lines. */
export interface QueryResult {
  columns: { name: string; type: string }[];
  rowCount: number;
  rows: Value[][] | null;
  object: { bucket: string; key: string } | null;
  seconds: number;
}

/**
 * Runs one query in a read-only transaction, as the role edp_reader where the database has it. Only what a cursor takes
 * (SELECT, VALUES, TABLE, WITH), EXPLAIN and SHOW is a query; several statements are refused.
 * @throws PermanentFault QUERY_REFUSED with what PostgreSQL says
 */
export async function query(request: QueryRequest, run: Invocation): Promise<QueryResult> {
  const seconds = Math.min(request.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS);
  const started = performance.now();
  return run.database.connected(seconds * 1000, async (client) => {
    await schemasUpToDate(client);
    try {
      const { columns, lines, rowCount, bytes } = await read(client, request.sql);
      const small = bytes <= ANSWER_BYTES;
      return {
        columns,
        rowCount,
        rows: small ? lines.map((line) => JSON.parse(line) as Value[]) : null,
        object: small ? null : await put(lines, run),
        seconds: Math.round(performance.now() - started) / 1000,
      };
    } catch (error) {
      const state = sqlState(error);
      if (state === undefined || /^(08|53|57P|28)/.test(state)) throw error;
      const why = state === "57014" ? `it took longer than ${seconds} s` : (error as Error).message;
      throw new PermanentFault("QUERY_REFUSED", `PostgreSQL refused the query: ${why}`, state);
    }
  });
}

/** The first query of a new warehouse finds empty tables, not missing ones. */
async function schemasUpToDate(client: Client): Promise<void> {
  const { rows } = await client.query<{ made: string }>(
    "select (to_regclass('if_common.runs') is not null and to_regclass('staging.orders') is not null)::text as made",
  );
  if (rows[0]?.made === "true") return;
  await lockWarehouse(client);
  await migrate(client);
}

async function read(client: Client, sql: string) {
  await client.query("begin transaction read only");
  const { rows: roles } = await client.query<{ able: string }>(
    "select (to_regrole('edp_reader') is not null and pg_has_role(to_regrole('edp_reader'), 'member'))::text as able",
  );
  if (roles[0]?.able === "true") await client.query("set local role edp_reader");
  // The extended protocol takes one statement only, and a cursor takes only what reads.
  const statement = sql.trim().replace(/;\s*$/, "");
  const extended = { queryMode: "extended" as const };
  const whole = NO_CURSOR.test(statement);
  if (!whole) await client.query({ text: `declare result no scroll cursor for ${statement}`, ...extended });
  const lines: string[] = [];
  let columns: QueryResult["columns"] | undefined;
  let convert: ((value: string) => Value)[] = [];
  let bytes = 0;
  for (;;) {
    const { rows, fields } = await client.query<(string | null)[]>({
      ...(whole ? { text: statement, ...extended } : { text: `fetch ${ROWS_AT_ONCE} from result` }),
      rowMode: "array",
    });
    if (!columns) {
      columns = await describe(client, fields);
      convert = columns.map(({ type }) => CONVERSIONS[type] ?? ((value) => value));
    }
    for (const row of rows) {
      const line = JSON.stringify(
        row.map((value, index) => (value === null ? null : convert[index]?.(value))),
      );
      bytes += line.length + 1;
      lines.push(line);
    }
    if (bytes > RESULT_BYTES) {
      throw new PermanentFault(
        "RESULT_TOO_LARGE",
        `The result has more than ${RESULT_BYTES / 1024 / 1024} MiB: select less of it.`,
      );
    }
    if (whole || rows.length < ROWS_AT_ONCE) break;
  }
  await client.query("rollback");
  return { columns, lines, rowCount: lines.length, bytes };
}

async function describe(client: Client, fields: readonly FieldDef[]): Promise<QueryResult["columns"]> {
  const { rows } = await client.query<{ type: string }>(
    "select format_type(oid, null) as type from unnest($1::oid[]) with ordinality as t (oid, at) order by at",
    [fields.map(({ dataTypeID }) => dataTypeID)],
  );
  return fields.map(({ name }, index) => ({ name, type: rows[index]?.type ?? "text" }));
}

/** A number where JSON holds it exactly, else PostgreSQL's own text. */
const number = (value: string): Value => (String(Number(value)) === value ? Number(value) : value);

const CONVERSIONS: Readonly<Record<string, (value: string) => Value>> = {
  smallint: number,
  integer: number,
  bigint: number,
  numeric: (value) => exactNumber(value),
  real: number,
  "double precision": number,
  boolean: (value) => value === "t" || value === "true",
};

/** A numeric with few enough digits is the same number in JSON; its trailing zeros are no part of it. */
function exactNumber(value: string): Value {
  const digits = value.replace(/[-.]/g, "").replace(/^0+/, "");
  return digits.length <= 15 && Number.isFinite(Number(value)) ? Number(value) : value;
}

async function put(lines: readonly string[], run: Invocation): Promise<{ bucket: string; key: string }> {
  const time = new Date(run.now()).toISOString();
  const bucket = run.environment.exports;
  const key = `${RESULTS}${time.slice(0, 10)}/${run.requestId}.ndjson`;
  await run.s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: `${lines.join("\n")}\n`,
      ContentType: "application/x-ndjson",
    }),
    { abortSignal: run.signal },
  );
  return { bucket, key };
}
