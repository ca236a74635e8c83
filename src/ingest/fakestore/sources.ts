import { EdpError, EXIT } from "../../errors.ts";
import { ENTITY_TYPES, type EntityKind, type EventDraft, type EventSource } from "./event.ts";
import { type StoreEntity, sampleEntities } from "./sample.ts";
import { type Catalogue, type SiteOptions, siteEvents } from "./site.ts";

/** Gives the entities of a kind: the Fake Store, or the sample. */
export type ListEntities = (kind: EntityKind) => Promise<StoreEntity[]>;

/** The store's entities, each an event; a kind that it cannot give is a failed input, unless it can give none. */
export function entitySource(kinds: readonly EntityKind[], list: ListEntities): EventSource {
  return {
    async *drafts(reject) {
      const faults: EdpError[] = [];
      for (const kind of kinds) {
        try {
          yield* entityDrafts(kind, await list(kind));
        } catch (error) {
          if (!(error instanceof EdpError) || error.exitCode === EXIT.interrupted) throw error;
          faults.push(error);
          if (faults.length === kinds.length) throw error;
          reject({ file: `/${kind}`, reason: error.message, status: "failed" });
        }
      }
    },
  };
}

/** Site events without end or `count` of them, after the store's entities of some kinds. */
export function siteSource(
  list: ListEntities,
  options: SiteOptions & { count: number | undefined; kinds: readonly EntityKind[] },
): EventSource {
  const { count = Number.POSITIVE_INFINITY, kinds } = options;
  return {
    ...(Number.isFinite(count) && kinds.length === 0 && { total: count }),
    async *drafts(reject) {
      yield* entitySource(kinds, list).drafts(reject);
      const catalogue = catalogueOf(await list("products"), await list("users").catch(forgetUsers));
      yield* first(count, siteEvents(catalogue, options));
    },
  };
}

/** `count` events without network: the sample's entities, at most half of them, and site events. */
export function sampleSource(count: number, options: SiteOptions): EventSource {
  const { seed } = options;
  return {
    total: count,
    *drafts() {
      const entities = Object.keys(ENTITY_TYPES).flatMap((kind) => [
        ...entityDrafts(kind as EntityKind, sampleEntities(kind as EntityKind, seed)),
      ]);
      const some = entities.slice(0, Math.floor(count / 2));
      yield* some;
      const catalogue = catalogueOf(sampleEntities("products", seed), sampleEntities("users", seed));
      yield* first(count - some.length, siteEvents(catalogue, options));
    },
  };
}

function* entityDrafts(kind: EntityKind, entities: readonly StoreEntity[]): Generator<EventDraft> {
  for (const [index, data] of entities.entries()) {
    yield { type: ENTITY_TYPES[kind], data, origin: `/${kind}[${index}]` };
  }
}

/** @throws EdpError FAKESTORE_DOWN when there is no product to make events of */
function catalogueOf(products: readonly unknown[], users: readonly unknown[]): Catalogue {
  const [head, ...rest] = products
    .filter(isEntity)
    .flatMap(({ id, price }) =>
      typeof id === "number" && typeof price === "number" && price >= 0 ? [{ id, price }] : [],
    );
  if (!head) {
    throw new EdpError(
      "FAKESTORE_DOWN",
      EXIT.notDeployed,
      "The Fake Store has no product with id and price.",
      {
        hint: "Use made-up products: --sample",
      },
    );
  }
  const userIds = users.filter(isEntity).flatMap(({ id }) => (typeof id === "number" ? [id] : []));
  return { products: [head, ...rest], userIds };
}

/** A store's list is what it answered: it may hold anything. */
function isEntity(listed: unknown): listed is StoreEntity {
  return typeof listed === "object" && listed !== null;
}

/** Visitors are unknown where the store has no users to give. */
function forgetUsers(error: unknown): StoreEntity[] {
  if (error instanceof EdpError && error.code === "FAKESTORE_DOWN") return [];
  throw error;
}

function* first<T>(count: number, items: Iterable<T>): Generator<T> {
  let left = count;
  if (left <= 0) return;
  for (const item of items) {
    yield item;
    if (--left <= 0) return;
  }
}
