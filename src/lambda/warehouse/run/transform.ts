import type { Client } from "pg";
import aggPublicHoliday from "./transforms/agg_public_holiday.sql";
import aggShipments from "./transforms/agg_shipments.sql";
import bestPerformingProduct from "./transforms/best_performing_product.sql";

/** Each table of the schema analytics and the SQL that makes its row for one day. */
export const TRANSFORMS: readonly { table: string; sql: string }[] = [
  { table: "agg_public_holiday", sql: aggPublicHoliday },
  { table: "agg_shipments", sql: aggShipments },
  { table: "best_performing_product", sql: bestPerformingProduct },
];

/**
 * Puts psql's variables into SQL: `:'as_of'` becomes `'2022-09-05'`, so that the files run by hand, too.
 * https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-INTERPOLATION
 */
export function withVariables(sql: string, variables: Readonly<Record<string, string>>): string {
  return sql.replace(/:'(\w+)'/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`the SQL has the variable ${name}, which is not set`);
    return `'${value.replaceAll("'", "''")}'`;
  });
}

/** Replaces the as-of day's row of every analytics table, inside the caller's transaction. */
export async function transform(client: Client, asOf: string): Promise<void> {
  for (const { sql } of TRANSFORMS) await client.query(withVariables(sql, { as_of: asOf }));
}
