import type { Members } from "../http/members.ts";
import { choice } from "./parameters.ts";

/** Bytes that one read or write unit covers: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-mode.html */
const READ_UNIT_BYTES = 4 * 1024;
const WRITE_UNIT_BYTES = 1024;
/** What a read costs in units, by how sure it is. */
const READ_COST = { eventual: 0.5, consistent: 1, transactional: 2 } as const;
const TRANSACTIONAL_WRITE_COST = 2;

export function readUnits(bytes: number, how: keyof typeof READ_COST): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * READ_COST[how];
}

export function writeUnits(bytes: number, transactional = false): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES)) * (transactional ? TRANSACTIONAL_WRITE_COST : 1);
}

/** Adds up the units of one request by table; answered only where ReturnConsumedCapacity asks for it. */
export class Consumed {
  readonly #wanted: "NONE" | "TOTAL" | "INDEXES";
  readonly #units = new Map<string, number>();

  /** @throws AwsError ValidationException */
  constructor(input: Members) {
    this.#wanted = choice(input, "ReturnConsumedCapacity", ["NONE", "TOTAL", "INDEXES"], "NONE");
  }

  add(tableName: string, units: number): void {
    this.#units.set(tableName, (this.#units.get(tableName) ?? 0) + units);
  }

  /** The member of an answer about one table. */
  one(): object {
    const [first] = this.#all();
    return first ? { ConsumedCapacity: first } : {};
  }

  /** The member of an answer about several tables. */
  all(): object {
    const all = this.#all();
    return all.length > 0 ? { ConsumedCapacity: all } : {};
  }

  #all(): object[] {
    if (this.#wanted === "NONE") return [];
    return [...this.#units].map(([TableName, CapacityUnits]) => ({
      TableName,
      CapacityUnits,
      ...(this.#wanted === "INDEXES" ? { Table: { CapacityUnits } } : {}),
    }));
  }
}
