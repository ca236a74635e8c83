import schemas from "./001_schemas.sql";
import tables from "./002_tables.sql";
import reader from "./003_reader.sql";

export interface Migration {
  number: number;
  name: string;
  sql: string;
}

/** Every migration in its order. One that was shipped never changes: a correction is a new one. */
export const MIGRATIONS: readonly Migration[] = [
  { number: 1, name: "schemas", sql: schemas },
  { number: 2, name: "tables", sql: tables },
  { number: 3, name: "reader", sql: reader },
];
