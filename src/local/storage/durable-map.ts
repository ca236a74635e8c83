import { AppendLog } from "./append-log.ts";

interface Entry<V> {
  k: string;
  /** Absent: the key was deleted. */
  v?: V;
}

/** Records beyond twice the live ones that the file may hold before it is compacted. */
const SLACK_RECORDS = 500;

/**
 * A map of small values on disk: `set` and `delete` resolve once the file holds the change, and a crash
 * loses none that resolved. A change is seen at once, so that one made from the value before it builds on
 * it; when it can't be written it is taken back. Values are not copied: set a new one to change one.
 */
export class DurableMap<V> {
  readonly #values: Map<string, V>;
  readonly #log: AppendLog<Entry<V>>;
  #compacting: Promise<void> | null = null;

  private constructor(log: AppendLog<Entry<V>>, values: Map<string, V>) {
    this.#log = log;
    this.#values = values;
  }

  static async open<V>(file: string): Promise<DurableMap<V>> {
    const values = new Map<string, V>();
    const log = await AppendLog.open<Entry<V>>(file, ({ k, v }) => {
      if (v === undefined) values.delete(k);
      else values.set(k, v);
    });
    return new DurableMap(log, values);
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** All values, in the order in which their keys were first set. */
  values(): V[] {
    return [...this.#values.values()];
  }

  async set(key: string, value: V): Promise<void> {
    await this.#change(key, value);
  }

  async delete(key: string): Promise<void> {
    if (this.#values.has(key)) await this.#change(key, undefined);
  }

  async close(): Promise<void> {
    while (this.#compacting) await this.#compacting;
    await this.#log.close();
  }

  async #change(key: string, value: V | undefined): Promise<void> {
    const before = this.#values.get(key);
    this.#put(key, value);
    try {
      await this.#log.append(value === undefined ? { k: key } : { k: key, v: value });
    } catch (error) {
      this.#put(key, before);
      throw error;
    }
    if (this.#compacting || this.#log.records < 2 * this.#values.size + SLACK_RECORDS) return;
    // The change is stored. Where the file can't be shortened (disk full) it stays long, and the next change tries again.
    this.#compacting = this.#log.compact(() => this.#entries()).catch(() => undefined);
    await this.#compacting;
    this.#compacting = null;
  }

  #put(key: string, value: V | undefined): void {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  *#entries(): Iterable<Entry<V>> {
    for (const [k, v] of this.#values) yield { k, v };
  }
}
