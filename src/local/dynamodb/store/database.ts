import path from "node:path";
import type { EngineParts } from "../../service.ts";
import { AppendLog } from "../../storage/append-log.ts";
import { inUse, notFound } from "../errors.ts";
import type { Item } from "../item/attribute-value.ts";
import { entryKey, keyOf } from "../keys.ts";
import { TOKEN_LIFE_MS } from "../limits.ts";
import type { TableDefinition } from "./definition.ts";
import { Locks } from "./locks.ts";
import { parseItem, Table } from "./table.ts";

/** Records beyond twice the live ones that the journal may hold before it is compacted. */
const SLACK_RECORDS = 2_000;

/** An item put or deleted in the table with this id. */
type Change = { t: string; put: Item } | { t: string; del: Item };

/** A client request token of a transaction, and what it stood for. */
export interface UsedToken {
  token: string;
  /** SHA-256 of the request. */
  request: string;
  /** Milliseconds since the epoch. */
  at: number;
}

type JournalRecord =
  /** A table as it was made or is now. */
  | { table: TableDefinition }
  | { dropped: string }
  /** Changes that are made together or not at all. */
  | { changes: Change[]; used?: UsedToken }
  | { used: UsedToken };

/** One item about to be written. */
export interface Write {
  table: Table;
  /** Its place in the table. */
  place: string;
  /**
   * The item after the write, null to delete it, undefined to leave it. Called when nothing else can change it.
   * @throws AwsError when it must not be written
   */
  decide(before: Item | undefined): Item | null | undefined;
}

/** An item before and after a write. */
export interface Written {
  before: Item | undefined;
  after: Item | undefined;
}

/**
 * All tables. A change is in the journal before it is seen or answered; writes of one item wait for each other, so
 * that a condition is decided on what is stored.
 */
export class Database {
  readonly #byName = new Map<string, Table>();
  readonly #tokens = new Map<string, UsedToken>();
  readonly #locks = new Locks();
  #compacting: Promise<void> | null = null;

  private constructor(
    private readonly parts: EngineParts,
    private readonly log: AppendLog<JournalRecord>,
    private readonly byId: Map<string, Table>,
    used: UsedToken[],
  ) {
    for (const table of byId.values()) this.#byName.set(table.definition.name, table);
    for (const one of used) this.#tokens.set(one.token, one);
    this.#dropOldTokens();
  }

  /** Opens what an earlier engine left in `<dataDirectory>/dynamodb`. */
  static async open(parts: EngineParts): Promise<Database> {
    const byId = new Map<string, Table>();
    const used: UsedToken[] = [];
    const file = path.join(parts.dataDirectory, "dynamodb", "journal.log");
    const log = await AppendLog.open<JournalRecord>(file, (record) => {
      if ("table" in record) define(byId, record.table);
      if ("dropped" in record) byId.delete(record.dropped);
      if ("changes" in record) apply(byId, record.changes);
      if ("used" in record && record.used) used.push(record.used);
    });
    return new Database(parts, log, byId, used);
  }

  now(): number {
    return this.parts.clock.now();
  }

  /** Tables in the order of their names. */
  tables(): Table[] {
    return [...this.#byName.values()].sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
  }

  find(name: string): Table | undefined {
    return this.#byName.get(name);
  }

  /** @throws AwsError ResourceNotFoundException */
  table(name: string): Table {
    const table = this.#byName.get(name);
    if (!table) throw notFound();
    return table;
  }

  /** @throws AwsError ResourceInUseException */
  async create(definition: TableDefinition): Promise<Table> {
    const { name } = definition;
    return this.#locks.hold([name], async () => {
      if (this.#byName.has(name)) throw inUse(`Table already exists: ${name}`);
      await this.log.append({ table: definition });
      const table = define(this.byId, definition);
      this.#byName.set(name, table);
      return table;
    });
  }

  /** Changes a table's definition. @throws what `change` throws */
  async redefine(table: Table, change: (now: TableDefinition) => TableDefinition): Promise<void> {
    await this.#locks.hold([table.definition.name], async () => {
      if (!this.byId.has(table.definition.id)) throw notFound();
      const definition = change(table.definition);
      await this.log.append({ table: definition });
      table.redefine(definition);
    });
  }

  async drop(table: Table): Promise<void> {
    const { id, name } = table.definition;
    await this.#locks.hold([name], async () => {
      await this.log.append({ dropped: id });
      this.byId.delete(id);
      if (this.#byName.get(name) === table) this.#byName.delete(name);
    });
    await this.#compactWhenWorthIt();
  }

  /**
   * Makes all of these writes or none. Items of one call must differ.
   * @param decide makes the decisions; by default each write's own. It may throw to write nothing.
   */
  async write(
    writes: readonly Write[],
    used?: UsedToken,
    decide: (before: (Item | undefined)[]) => (Item | null | undefined)[] = (before) =>
      writes.map((write, index) => write.decide(before[index])),
  ): Promise<Written[]> {
    const names = writes.map(({ table, place }) => `${table.definition.id} ${place}`);
    const written = await this.#locks.hold(names, async () => {
      const before = writes.map(({ table, place }) => table.get(place));
      const decided = decide(before);
      const changes = writes.flatMap(({ table }, index): Change[] => {
        const [old, after] = [before[index], decided[index]];
        const t = table.definition.id;
        if (after) return [{ t, put: after }];
        return after === null && old ? [{ t, del: keyOf(table.definition, old) }] : [];
      });
      if (changes.length > 0) await this.log.append(used ? { changes, used } : { changes });
      else if (used) await this.log.append({ used });
      apply(this.byId, changes);
      if (used) this.#tokens.set(used.token, used);
      return before.map((old, index) => {
        const after = decided[index];
        return { before: old, after: after === undefined ? old : (after ?? undefined) };
      });
    });
    await this.#compactWhenWorthIt();
    return written;
  }

  /** What a token stood for within the last ten minutes. */
  usedToken(token: string): UsedToken | undefined {
    this.#dropOldTokens();
    return this.#tokens.get(token);
  }

  /** Runs work while no other does for the same token. */
  holdingToken<T>(token: string, work: () => Promise<T>): Promise<T> {
    return this.#locks.hold([`token ${token}`], work);
  }

  async close(): Promise<void> {
    while (this.#compacting) await this.#compacting;
    await this.log.close();
  }

  #dropOldTokens(): void {
    for (const { token, at } of this.#tokens.values()) {
      if (at < this.now() - TOKEN_LIFE_MS) this.#tokens.delete(token);
    }
  }

  async #compactWhenWorthIt(): Promise<void> {
    const items = [...this.byId.values()].reduce((sum, table) => sum + table.items.size + 1, 0);
    if (this.#compacting || this.log.records < 2 * items + SLACK_RECORDS) return;
    this.#compacting = this.log
      .compact(() => this.#live())
      .catch((error: Error) => this.parts.log(`dynamodb: could not be compacted: ${error.message}`))
      .finally(() => {
        this.#compacting = null;
      });
    await this.#compacting;
  }

  *#live(): Generator<JournalRecord> {
    for (const { definition, items } of this.byId.values()) {
      yield { table: definition };
      for (const [, text] of items.ascending()) yield { changes: [new StoredPut(definition.id, text)] };
    }
    for (const used of this.#tokens.values()) yield { used };
  }
}

/** A put whose item is parsed only when it is written, so that a compaction never holds all of them as objects. */
class StoredPut {
  constructor(
    readonly t: string,
    readonly text: string,
  ) {}

  get put(): Item {
    return parseItem(this.text);
  }

  toJSON(): Change {
    return { t: this.t, put: this.put };
  }
}

function define(tables: Map<string, Table>, definition: TableDefinition): Table {
  const known = tables.get(definition.id);
  if (known) {
    known.redefine(definition);
    return known;
  }
  const table = new Table(definition);
  tables.set(definition.id, table);
  return table;
}

/** Changes of a table that was dropped meanwhile are passed over. */
function apply(tables: Map<string, Table>, changes: readonly Change[]): void {
  for (const change of changes) {
    const table = tables.get(change.t);
    if (!table) continue;
    if ("put" in change) table.put(change.put);
    else table.delete(entryKey(table.definition, change.del));
  }
}
