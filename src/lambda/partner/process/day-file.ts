import { PermanentFault } from "../../shared/faults.ts";

/** The three files of a day, in the order in which they are read. */
export const KINDS = ["customers", "orders", "items"] as const;

export type Kind = (typeof KINDS)[number];

/** What an object's key says: which file of which day it is. */
export interface DayFile {
  kind: Kind;
  /** The day as it is written in the name, `20220130`. */
  compact: string;
  /** The day as ISO 8601, `2022-01-30`. */
  date: string;
  /** What stands before the name: `""`, or folders with a slash at the end. */
  folder: string;
}

const NAME = /^(customers|orders|items)_(\d{4})(\d{2})(\d{2})\.csv$/;

/**
 * Reads an object's key: `<folders>/<customers|orders|items>_YYYYMMDD.csv`.
 * @throws PermanentFault UNKNOWN_FILE for any other name, NO_SUCH_DAY for a day that the calendar doesn't have
 */
export function parseDayFile(key: string): DayFile {
  const slash = key.lastIndexOf("/") + 1;
  const name = key.slice(slash);
  const [, kind, year, month, day] = NAME.exec(name) ?? [];
  if (kind === undefined) {
    throw new PermanentFault(
      "UNKNOWN_FILE",
      `${JSON.stringify(name)} is no file of a day; they are called <customers|orders|items>_YYYYMMDD.csv.`,
    );
  }
  const date = `${year}-${month}-${day}`;
  if (!isDay(date)) throw new PermanentFault("NO_SUCH_DAY", `${name}: there is no day ${date}.`);
  return { kind: kind as Kind, compact: `${year}${month}${day}`, date, folder: key.slice(0, slash) };
}

/** Key of a day's file of another kind, which lies beside it. */
export function siblingKey({ folder, compact }: Pick<DayFile, "folder" | "compact">, kind: Kind): string {
  return `${folder}${kind}_${compact}.csv`;
}

/** Whether the calendar has a day, `2022-01-30`. `Date` takes 30 February for 1 or 2 March. */
export function isDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
}
