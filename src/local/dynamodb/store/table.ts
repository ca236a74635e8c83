import { SortedEntries } from "../../storage/sorted-entries.ts";
import { attribute, type Item } from "../item/attribute-value.ts";
import { itemBytes } from "../item/size.ts";
import { entryKey, indexKey } from "../keys.ts";
import type { IndexDefinition, TableDefinition } from "./definition.ts";

/** Items that expired longer ago than this are left alone, in seconds: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html */
const TTL_OLDEST_SECONDS = 5 * 365.25 * 24 * 3600;

/** Items as JSON text, by place: text takes a third of the memory of objects. An index shares the table's texts. */
type Entries = SortedEntries<string>;

/** A table's items and indexes in memory. Only the journal changes them. */
export class Table {
  readonly items: Entries = new SortedEntries();
  #indexes = new Map<string, Entries>();
  /** When each item with a TTL expires, in seconds since the epoch, by its place. */
  #expiries = new Map<string, number>();
  #bytes = 0;

  constructor(public definition: TableDefinition) {
    this.redefine(definition);
  }

  /** Bytes of all items, as DynamoDB counts them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The entries of an index. */
  entries(index: IndexDefinition): Entries {
    return this.#indexes.get(index.name) ?? new SortedEntries();
  }

  /** The item at a place. */
  get(place: string): Item | undefined {
    const text = this.items.get(place);
    return text === undefined ? undefined : parseItem(text);
  }

  put(item: Item): void {
    const place = entryKey(this.definition, item);
    this.#forget(place);
    const text = JSON.stringify(item);
    this.items.set(place, text);
    this.#bytes += itemBytes(item);
    for (const index of this.definition.indexes) this.#index(index, item, place, text);
    this.#noteExpiry(item, place);
  }

  delete(place: string): void {
    this.#forget(place);
    this.items.delete(place);
  }

  /** Takes over a changed definition: fills new indexes, drops those that are gone. */
  redefine(definition: TableDefinition): void {
    this.definition = definition;
    const fresh = definition.indexes.filter(({ name }) => !this.#indexes.has(name));
    for (const name of this.#indexes.keys()) {
      if (!definition.indexes.some((index) => index.name === name)) this.#indexes.delete(name);
    }
    for (const { name } of fresh) this.#indexes.set(name, new SortedEntries());
    this.#expiries.clear();
    for (const [place, text] of this.items.ascending()) {
      const item = parseItem(text);
      for (const index of fresh) this.#index(index, item, place, text);
      this.#noteExpiry(item, place);
    }
  }

  /** Places of the items that have expired at this second. */
  expired(nowSeconds: number): string[] {
    const oldest = nowSeconds - TTL_OLDEST_SECONDS;
    return [...this.#expiries].flatMap(([place, at]) => (at <= nowSeconds && at > oldest ? [place] : []));
  }

  #forget(place: string): void {
    const old = this.get(place);
    if (!old) return;
    this.#bytes -= itemBytes(old);
    for (const index of this.definition.indexes) {
      const key = indexKey(index, old, place);
      if (key !== undefined) this.entries(index).delete(key);
    }
    this.#expiries.delete(place);
  }

  #index(index: IndexDefinition, item: Item, place: string, text: string): void {
    const key = indexKey(index, item, place);
    if (key !== undefined) this.entries(index).set(key, text);
  }

  #noteExpiry(item: Item, place: string): void {
    const at = expiryOf(this.definition, item);
    if (at !== undefined) this.#expiries.set(place, at);
  }
}

/** When an item expires, in seconds since the epoch; undefined where it never does. */
export function expiryOf({ ttlAttribute }: TableDefinition, item: Item): number | undefined {
  const value = ttlAttribute === null ? undefined : attribute(item, ttlAttribute);
  return value && "N" in value ? Number(value.N) : undefined;
}

export function parseItem(text: string): Item {
  return JSON.parse(text) as Item;
}
