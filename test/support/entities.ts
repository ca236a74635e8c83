import type { SourceEntity } from "../../src/ingest/source.ts";

/** A landing entity with defaults; `entity` tells versions of it apart. */
export function entityOf(overrides: Partial<SourceEntity> & { id: string }): SourceEntity {
  return {
    dataset: "tracks",
    key: `raw/${overrides.dataset ?? "tracks"}/${overrides.id}.json`,
    entity: { id: overrides.id, type: "track" },
    full: true,
    origin: "test",
    ...overrides,
  };
}

/** The items as a stream. */
export async function* stream<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

/** Everything a stream gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
