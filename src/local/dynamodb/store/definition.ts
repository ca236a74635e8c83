import type { KeySchema } from "../keys.ts";

/** What of an item an index holds. */
export type Projection =
  | { type: "ALL" | "KEYS_ONLY" }
  /** These attributes besides the keys of table and index. */
  | { type: "INCLUDE"; attributes: string[] };

export interface IndexDefinition extends KeySchema {
  name: string;
  /** Local indexes share the table's partition key, and can be read consistently. */
  kind: "global" | "local";
  projection: Projection;
}

/** A table without its items. */
export interface TableDefinition extends KeySchema {
  /** Tells a table from an earlier one of the same name. */
  id: string;
  name: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  indexes: IndexDefinition[];
  /** Read and write units; null for on-demand. They are kept and shown, never enforced. */
  throughput: { read: number; write: number } | null;
  /** The attribute with the second at which an item expires. */
  ttlAttribute: string | null;
  pointInTimeRecovery: boolean;
  deletionProtection: boolean;
  tags: Record<string, string>;
}
