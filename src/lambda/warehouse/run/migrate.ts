import type { Client } from "pg";
import { MIGRATIONS } from "./migrations/index.ts";

/** Advisory lock of whoever changes the warehouse: a migration, or a run. */
const LOCK = "hashtext('edp.warehouse')";

/** Takes the warehouse's lock, for as long as the connection stands; waits while another holds it. @throws DATABASE_SLOW */
export async function lockWarehouse(client: Client): Promise<void> {
  await client.query(`select pg_advisory_lock(${LOCK})`);
}

/**
 * Brings the schemas up to date, each migration in a transaction of its own. The lock must be held.
 * @returns names of the migrations that were missing
 */
export async function migrate(client: Client): Promise<string[]> {
  await client.query(
    "create schema if not exists if_common;" +
      "create table if not exists if_common.migrations " +
      "(number integer primary key, name text not null, applied_at timestamptz not null default now())",
  );
  const { rows } = await client.query<{ number: string }>("select number from if_common.migrations");
  const known = new Set(rows.map(({ number }) => Number(number)));
  const done: string[] = [];
  for (const { number, name, sql } of MIGRATIONS) {
    if (known.has(number)) continue;
    await client.query("begin");
    await client.query(sql);
    await client.query("insert into if_common.migrations (number, name) values ($1, $2)", [number, name]);
    await client.query("commit");
    done.push(`${String(number).padStart(3, "0")}_${name}`);
  }
  return done;
}
